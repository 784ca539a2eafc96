#include "audit/words.h"

#include "audit/record.h"

static const struct {
	const char *one, *several;
} words[RECORD_EFFECTS] = {
        [EFFECT_READ] = {"read", "reads"},
        [EFFECT_WRITE] = {"write", "writes"},
        [EFFECT_EXEC] = {"execution", "executions"},
        [EFFECT_CONNECT] = {"connection", "connections"},
        [EFFECT_DELEGATE] = {"delegation", "delegations"},
        [EFFECT_COUNT] = {"system call", "system calls"},
};

const char *words_number(unsigned long long count, const char *one, const char *several)
{
	return count == 1 ? one : several;
}

/* In the order in which a person would count them. */
static const struct {
	enum answered_how how;
	const char *text;
} answer_words[ANSWERED_COUNT] = {
        {ANSWERED_ONCE, "once"}, {ANSWERED_FOLDER, "for a folder"}, {ANSWERED_EFFECT, "for all"},
        {ANSWERED_NO, "no"},     {ANSWERED_NO_ALL, "no to all"},
};

unsigned long long words_answers_sum(const unsigned long long answers[ANSWERED_COUNT])
{
	unsigned long long sum = 0;

	for (size_t i = 0; i < ANSWERED_COUNT; i++)
		sum += answers[i];
	return sum;
}

const char *words_asks(const unsigned long long answers[ANSWERED_COUNT])
{
	return words_answers_sum(answers) ? "asks, and nobody said yes"
	                                  : "asks, and nobody could answer";
}

void words_answers(struct buffer *out, const unsigned long long answers[ANSWERED_COUNT])
{
	unsigned long long sum = words_answers_sum(answers);
	const char *between = ": ";

	if (!sum)
		return;
	buffer_printf(out, "%llu %s answered", sum, words_number(sum, "question", "questions"));
	for (size_t i = 0; i < ANSWERED_COUNT; i++) {
		unsigned long long count = answers[answer_words[i].how];
		if (!count)
			continue;
		buffer_printf(out, "%s%llu %s", between, count, answer_words[i].text);
		between = ", ";
	}
}

const char *words_effect(size_t effect, unsigned long long count)
{
	return words_number(count, words[effect].one, words[effect].several);
}
