/* The header twice, here and in twice_b.c, as C99 and as C++17. */
#include "ascend_reid.h"
#include "ascend_reid.h"

#include <stdio.h>
#include <string.h>

const char *twice_b(void);

int main(void) {
    int major = 0, minor = 0, patch = 0;
    areid_status status = areid_version(&major, &minor, &patch);
    if (status != AREID_OK || strcmp(twice_b(), "AREID_WRONG_MODEL") != 0) return 1;
    if (areid_version(NULL, &minor, &patch) != AREID_NULL_POINTER) return 1;
    printf("%d.%d.%d\n", major, minor, patch);
    return 0;
}
