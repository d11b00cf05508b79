# Every third-party library, found once. All come from Debian packages (scripts/bootstrap); nothing is downloaded here.
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(UV REQUIRED IMPORTED_TARGET libuv>=1.44)
pkg_check_modules(NGHTTP2 REQUIRED IMPORTED_TARGET libnghttp2>=1.52)
pkg_check_modules(CARES REQUIRED IMPORTED_TARGET libcares>=1.18)
pkg_check_modules(XXHASH REQUIRED IMPORTED_TARGET libxxhash)
pkg_check_modules(RE2 REQUIRED IMPORTED_TARGET re2)
find_package(OpenSSL 3.0 REQUIRED)
find_package(yaml-cpp REQUIRED)
find_package(fmt REQUIRED)
find_package(spdlog REQUIRED)
find_package(nlohmann_json REQUIRED)
find_package(CLI11 REQUIRED)

# llhttp before 9.4.2 misses framing faults (docs/decisions/0009); the static archive is linked, so the running machine
# needs no package of it.
find_package(llhttp REQUIRED)
if(llhttp_VERSION AND llhttp_VERSION VERSION_LESS 9.4.2)
  message(FATAL_ERROR "llhttp ${llhttp_VERSION} is too old, 9.4.2 is needed: run scripts/bootstrap")
endif()
