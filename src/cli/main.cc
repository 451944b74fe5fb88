#include "cli/main.h"

#include <cstdio>

namespace gantry::cli {

int main(int, char**) {
  std::fputs("gantry: nothing here yet\n", stderr);
  return 2;
}

}  // namespace gantry::cli
