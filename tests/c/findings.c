/* The simulator finds a leak, as ACL_SIM_FAULTS lets every aclrtResetDevice fail: it is told as a line
 * of the log. */
#include "check.h"

static int leaks;

static void take(void *user, int32_t level, const char *target, const char *message) {
    (void)user, (void)target;
    if (strstr(message, "strict: leak")) {
        leaks++;
        HOLDS(level == AREID_LOG_LEVEL_WARN);
    }
}

int main(int argc, char **argv) {
    areid_runtime *runtime;
    areid_device *device = NULL;
    if (argc < 2 || !argv[1]) return 2;
    OK(areid_log_set(take, NULL, AREID_LOG_LEVEL_WARN));
    runtime = simulator();
    OK(areid_device_open(runtime, 0, &device));
    OK(areid_device_free(device));
    OK(areid_runtime_free(runtime));
    HOLDS(leaks == 1);
    OK(areid_log_set(NULL, NULL, AREID_LOG_LEVEL_OFF));
    return report();
}
