# weir_module(name [DEPENDS module...] [LIBRARIES target...]): the library weir_<name> from all .cc files of the calling
# folder. DEPENDS are visible to users of the module, LIBRARIES (third party) are not.
function(weir_module name)
  cmake_parse_arguments(ARG "" "" "DEPENDS;LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc ${CMAKE_CURRENT_SOURCE_DIR}/*.h)
  add_library(weir_${name} STATIC ${sources})
  set_target_properties(weir_${name} PROPERTIES LINKER_LANGUAGE CXX)
  target_include_directories(weir_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
  list(TRANSFORM ARG_DEPENDS PREPEND weir_)
  target_link_libraries(weir_${name} PUBLIC ${ARG_DEPENDS} PRIVATE weir_flags ${ARG_LIBRARIES})
endfunction()

# weir_register_tests(program label): each test of a GoogleTest program is one of ctest's, except under a sanitizer, where
# starting a process takes longer than most tests: there the program is.
function(weir_register_tests program label)
  if(WEIR_SANITIZE)
    add_test(NAME ${program} COMMAND ${program} --gtest_brief=1)
    set_tests_properties(${program} PROPERTIES LABELS ${label})
  else()
    gtest_discover_tests(${program} PROPERTIES LABELS ${label} DISCOVERY_TIMEOUT 60)
  endif()
endfunction()

# weir_unit_test(module [LIBRARIES target...]): the GoogleTest program unit_<module> from all .cc files of the calling
# folder, registered with ctest under the label "unit".
function(weir_unit_test name)
  cmake_parse_arguments(ARG "" "" "LIBRARIES" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/*.cc)
  if(NOT sources)
    return()
  endif()
  add_executable(unit_${name} ${sources})
  target_include_directories(unit_${name} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(unit_${name} PRIVATE weir_${name} ${ARG_LIBRARIES} weir_flags GTest::gtest GTest::gmock GTest::gtest_main)
  weir_register_tests(unit_${name} unit)
endfunction()
