# The pages of web/ (of `gantry up`, `gantry scaler` and `gantry controller`), built by esbuild and embedded: library gantry_web_assets with header "web_assets.h".
# Everything is written below the build tree. npm runs only when web/package-lock.json changed, the bundler only when a
# source of the page did.
find_program(GANTRY_NODE NAMES node nodejs)
find_program(GANTRY_NPM npm)
if(NOT GANTRY_NODE OR NOT GANTRY_NPM)
  message(FATAL_ERROR "node and npm are needed to build the page: install the Debian packages nodejs and npm "
                      "(Node 18 or newer)")
endif()

set(web_source ${PROJECT_SOURCE_DIR}/web)
set(web_npm ${PROJECT_BINARY_DIR}/web-npm)
set(web_out ${PROJECT_BINARY_DIR}/web)
set(web_generated ${PROJECT_BINARY_DIR}/generated)
set(web_files index.html app.js app.css scaler.html scaler.js scaler.css controller.html controller.js controller.css)
list(TRANSFORM web_files PREPEND ${web_out}/ OUTPUT_VARIABLE web_built)
file(GLOB_RECURSE web_sources CONFIGURE_DEPENDS ${web_source}/src/*.ts ${web_source}/src/*.tsx ${web_source}/src/*.css)

# The header does not depend on the page's content; written now, nothing that includes it waits for npm.
configure_file(${web_source}/embed/web_assets.h ${web_generated}/web_assets.h COPYONLY)

# gantry_npm_ci(DIR OPTIONS...): the locked packages in DIR/node_modules, DIR/stamp once they are there.
# Install scripts are not run: none is needed, and a package has no business running code on the builder's machine.
function(gantry_npm_ci dir)
  add_custom_command(
    OUTPUT ${dir}/stamp
    COMMAND ${CMAKE_COMMAND} -E make_directory ${dir}
    COMMAND ${CMAKE_COMMAND} -E copy ${web_source}/package.json ${web_source}/package-lock.json ${web_source}/.npmrc ${dir}
    COMMAND ${CMAKE_COMMAND} -E chdir ${dir} ${GANTRY_NPM} ci --ignore-scripts --no-audit --no-fund --loglevel=error ${ARGN}
    COMMAND ${CMAKE_COMMAND} -E touch ${dir}/stamp
    DEPENDS ${web_source}/package-lock.json
    COMMENT "npm ci (${dir})"
    VERBATIM)
endfunction()

gantry_npm_ci(${web_npm} --omit=dev)

add_custom_command(
  OUTPUT ${web_built}
  COMMAND ${CMAKE_COMMAND} -E env GANTRY_NODE_MODULES=${web_npm}/node_modules
          ${GANTRY_NODE} ${web_source}/build.mjs --out ${web_out}
  DEPENDS ${web_npm}/stamp ${web_source}/build.mjs ${web_source}/index.html ${web_source}/scaler.html ${web_source}/controller.html
          ${web_sources}
  COMMENT "Bundling the page"
  VERBATIM)

add_custom_command(
  OUTPUT ${web_generated}/web_assets.cc
  COMMAND ${GANTRY_NODE} ${web_source}/embed/embed.mjs ${web_generated}/web_assets.cc ${web_out} ${web_files}
  DEPENDS ${web_built} ${web_source}/embed/embed.mjs
  COMMENT "Embedding the page"
  VERBATIM)

add_library(gantry_web_assets STATIC ${web_generated}/web_assets.cc)
target_include_directories(gantry_web_assets PUBLIC ${web_generated})

# Type check, unit tests of the page's pure parts, and headless Chromium. They need the development packages too
# (TypeScript, playwright-core), which a plain build does not fetch: `ninja web_test_packages`, or ctest does it.
if(GANTRY_TESTS)
  set(web_dev ${PROJECT_BINARY_DIR}/web-npm-dev)
  gantry_npm_ci(${web_dev})
  add_custom_target(web_test_packages DEPENDS ${web_dev}/stamp)

  enable_testing()
  add_test(NAME web_packages COMMAND ${CMAKE_COMMAND} --build ${PROJECT_BINARY_DIR} --target web_test_packages gantry_web_assets)
  set_tests_properties(web_packages PROPERTIES FIXTURES_SETUP web_packages RESOURCE_LOCK build_tree)
  foreach(step check unit browser)
    add_test(NAME web_${step} COMMAND ${GANTRY_NODE} ${web_source}/dev/test.mjs ${step} ${PROJECT_BINARY_DIR})
    set_tests_properties(web_${step} PROPERTIES FIXTURES_REQUIRED web_packages TIMEOUT 180 LABELS web)
  endforeach()
  set_tests_properties(web_browser PROPERTIES RUN_SERIAL ON) # two cores: a starved browser tests nothing
endif()
