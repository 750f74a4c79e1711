/* Prints the size of each structure, the offset of each member, and each number. */
#include <stdio.h>

#include "ascend_reid.h"

#define SIZE(type) printf(#type " %zu\n", sizeof(type))
#define AT(type, member) printf(#type "." #member " %zu\n", offsetof(type, member))
#define NUMBER(name) printf(#name " %d\n", (int)(name))

int main(void) {
#include "layout.inc"
    return 0;
}
