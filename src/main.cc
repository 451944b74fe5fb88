#include "cli/main.h"

int main(int argc, char** argv) { return gantry::cli::main(argc, argv, GANTRY_VERSION); }
