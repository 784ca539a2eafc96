#include "policy/source.h"

#include "base/buffer.h"
#include "base/text.h"

#include <stdlib.h>

static void clear_item(struct source_item *item)
{
	free(item->name);
	free(item->text);
	free(item->where);
}

int source_add(struct source *source, struct source_item item, struct error *err)
{
	struct source_item copy = item;

	copy.name = item.name ? text_copy(item.name) : NULL;
	copy.text = item.text ? text_copy(item.text) : NULL;
	if (!copy.where || (item.name && !copy.name) || (item.text && !copy.text) ||
	    array_reserve((void **)&source->items, &source->capacity, source->count,
	                  sizeof(*source->items)) < 0) {
		clear_item(&copy);
		return error_memory(err);
	}
	source->items[source->count++] = copy;
	return 0;
}

void source_clear(struct source *source)
{
	for (size_t i = 0; i < source->count; i++)
		clear_item(&source->items[i]);
	free(source->items);
	free(source->label);
	*source = (struct source){0};
}
