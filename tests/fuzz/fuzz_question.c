/* Datagrams of any bytes, taken for a question and for an answer. What is taken is whole, and goes
 * back the same way. */
#include "base/cleanup.h"
#include "base/error.h"
#include "base/message.h"
#include "watch/question.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void demand(bool condition)
{
	if (!condition)
		abort();
}

static void check_question(int ends[2], const uint8_t *data, size_t size)
{
	static char memory[QUESTION_MOST];
	static char again[QUESTION_MOST];
	cleanup_error struct error err = {0};
	struct question got;
	struct question back;

	demand(send(ends[0], data, size, 0) == (ssize_t)size);
	if (question_receive(ends[1], memory, &got, &err) < 0) {
		demand(!got.target && !got.operation && err.message);
		return;
	}
	demand(*got.target && *got.operation && got.pid >= 0);
	demand(question_send(ends[0], &got, &err) == 0);
	demand(question_receive(ends[1], again, &back, &err) == 0);
	demand(memcmp(memory, again, size) == 0);
}

static void check_answer(int ends[2], const uint8_t *data, size_t size)
{
	cleanup_error struct error err = {0};
	struct answer got;
	struct answer back;

	demand(send(ends[0], data, size, 0) == (ssize_t)size);
	if (answer_receive(ends[1], &got, &err) < 0) {
		demand(got.scope == ANSWER_NO && err.message);
		return;
	}
	demand(strlen(got.who) < ANSWER_WHO && got.scope <= ANSWER_EFFECT);
	demand(answer_send(ends[0], &got, &err) == 0);
	demand(answer_receive(ends[1], &back, &err) == 0);
	demand(back.id == got.id && back.scope == got.scope && strcmp(back.who, got.who) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int ends[2] = {-1, -1};
	struct error err = {0};

	if (ends[0] < 0)
		demand(message_pair(ends, &err) == 0);
	if (size == 0)
		return 0;
	check_question(ends, data, size);
	check_answer(ends, data, size);
	return 0;
}
