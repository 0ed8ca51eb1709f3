/* Makes reading certain texts dangerous, whatever the reader does right: copying a text that starts with one
 * of the marks, on a thread that reads items, overflows the thread's stack or never ends. Loaded into the
 * shipped program with LD_PRELOAD. */
#define _GNU_SOURCE
#include <stddef.h>
#include <sys/prctl.h>
#include <unistd.h>

static int starts_with(const char *text, size_t length, const char *mark) {
    size_t i = 0;
    for (; mark[i]; i++)
        if (i >= length || text[i] != mark[i]) return 0;
    return 1;
}

static int dig(volatile char *above) {
    volatile char room[4096];
    room[0] = above[0];
    return dig(room) + room[0];
}

static int reads_items(void) {
    char name[16] = {0};
    prctl(PR_GET_NAME, name);
    return starts_with(name, sizeof name, "reader-");
}

static int is_apart(void) {
    char name[16] = {0};
    prctl(PR_GET_NAME, name);
    return starts_with(name, sizeof name, "reader-apart");
}

void *memcpy(void *restrict to, const void *restrict from, size_t length) {
    volatile char *out = to;
    const char *in = from;
    if (length >= 12 && in[0] == 'P' && starts_with(in, length, "POISON-") && reads_items()) {
        volatile char bottom = 0;
        if (starts_with(in, length, "POISON-ABORT")) dig(&bottom);
        if (starts_with(in, length, "POISON-HERE") && !is_apart()) dig(&bottom);
        if (starts_with(in, length, "POISON-HANG")) for (;;) pause();
    }
    for (size_t i = 0; i < length; i++) out[i] = in[i];
    return to;
}
