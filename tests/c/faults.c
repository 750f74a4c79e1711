/* The device fails: ACL_SIM_FAULTS lets the second and third execution and then copies fail. */
#include "check.h"

static int told;

static void fails(void *user, areid_status status, const char *error) {
    HOLDS(user == &told && status == AREID_ACL);
    HOLDS(error && strstr(error, "aclmdlExecute") && strstr(error, "507018"));
    told++;
}

int main(int argc, char **argv) {
    areid_runtime *runtime = simulator();
    areid_device *device = NULL;
    areid_model *model = NULL;
    areid_run *run = NULL;
    float x[4] = {-1, 2, -3, 4}, y[4] = {9, 9, 9, 9};
    areid_input input = {x, sizeof x};
    areid_output output = {y, sizeof y};
    if (argc < 2) return 2;
    OK(areid_device_open(runtime, 0, &device));
    OK(areid_model_load_file(device, in(argv[1], "relu.om"), &model));
    OK(areid_model_run(model, &input, 1, &output, 1));
    memset(y, 0x7f, sizeof y);
    WANT(areid_model_run(model, &input, 1, &output, 1), AREID_ACL, "507018");
    OK(areid_model_submit(model, &input, 1, &output, 1, fails, &told, &run));
    WANT(areid_run_wait(run, -1), AREID_ACL, "aclmdlExecute");
    WANT(areid_run_wait(run, -1), AREID_ACL, "507018");
    HOLDS(told == 1 && memcmp(y, "\x7f\x7f\x7f\x7f", 4) == 0);
    OK(areid_run_free(run));
    OK(areid_model_run(model, &input, 1, &output, 1));
    HOLDS(y[0] == 0 && y[3] == 4);
    OK(areid_model_free(model));
    OK(areid_device_free(device));
    OK(areid_runtime_free(runtime));
    return report();
}
