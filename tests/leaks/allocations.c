/* Counts what libcrypto has allocated and not freed, exactly: CRYPTO_set_mem_functions takes functions before its first allocation.
   Not in C#: libcrypto frees on threads that the runtime has left already, and at the process's end. */
#include <stdatomic.h>
#include <stdlib.h>

extern int CRYPTO_set_mem_functions(void *(*)(size_t, const char *, int), void *(*)(void *, size_t, const char *, int), void (*)(void *, const char *, int));

static atomic_long live;
static atomic_long countdown;   /* the allocation that fails when this comes from 1 to 0 */

static int fails(void)
{
    return atomic_load(&countdown) > 0 && atomic_fetch_sub(&countdown, 1) == 1;
}

static void *allocate(size_t octets, const char *file, int line)
{
    (void)file, (void)line;
    if (octets == 0 || fails())
        return NULL;
    void *memory = malloc(octets);
    if (memory)
        atomic_fetch_add(&live, 1);
    return memory;
}

static void release(void *memory, const char *file, int line)
{
    (void)file, (void)line;
    if (!memory)
        return;
    atomic_fetch_sub(&live, 1);
    free(memory);
}

static void *reallocate(void *memory, size_t octets, const char *file, int line)
{
    if (!memory)
        return allocate(octets, file, line);
    if (octets == 0) {
        release(memory, file, line);
        return NULL;
    }
    return fails() ? NULL : realloc(memory, octets);
}

/* 1: from now on all is counted. 0: libcrypto was used before. */
int counting_begin(void) { return CRYPTO_set_mem_functions(allocate, reallocate, release); }

long counting_live(void) { return atomic_load(&live); }

/* The nth allocation from now on fails. */
void counting_fail(long nth) { atomic_store(&countdown, nth); }

/* Whether it did; afterwards none does. */
int counting_failed(void) { return atomic_exchange(&countdown, 0) == 0; }
