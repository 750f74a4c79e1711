/*
 * The body of aclAppLog, which Rust cannot write: it takes a variable number of arguments.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>

/* In Rust: takes the finished text. */
void ascendcl_sim_log(int level, const char *func, const char *file, uint32_t line,
    const char *text);

void ascendcl_sim_app_log(int level, const char *func, const char *file, uint32_t line,
    const char *fmt, ...);

void ascendcl_sim_app_log(int level, const char *func, const char *file, uint32_t line,
    const char *fmt, ...)
{
    char text[1024];
    va_list arguments;

    if (fmt == NULL) {
        return;
    }
    va_start(arguments, fmt);
    /* A longer text is cut; the vendor's log has a limit too. */
    if (vsnprintf(text, sizeof(text), fmt, arguments) >= 0) {
        ascendcl_sim_log(level, func, file, line, text);
    }
    va_end(arguments);
}
