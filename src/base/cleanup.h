/* Release of memory and descriptors when a variable goes out of scope, and
 * transfer of their ownership. */
#ifndef REMIT_BASE_CLEANUP_H
#define REMIT_BASE_CLEANUP_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static inline void cleanup_free_function(void *place)
{
	free(*(void **)place);
}

static inline void cleanup_close_function(const int *descriptor)
{
	if (*descriptor >= 0)
		close(*descriptor);
}

static inline void cleanup_fclose_function(FILE **stream)
{
	if (*stream)
		fclose(*stream);
}

/* The variable must be initialised: NULL for memory and streams, -1 for descriptors. */
#define cleanup_free   __attribute__((cleanup(cleanup_free_function)))
#define cleanup_close  __attribute__((cleanup(cleanup_close_function)))
#define cleanup_fclose __attribute__((cleanup(cleanup_fclose_function)))

/* Takes the value out of a cleanup variable: the caller owns it from here on. */
static inline int steal_descriptor(int *place)
{
	int descriptor = *place;

	*place = -1;
	return descriptor;
}

#define steal_pointer(place)                             \
	__extension__({                                  \
		__typeof__(*(place)) stolen_ = *(place); \
		*(place) = NULL;                         \
		stolen_;                                 \
	})

#endif
