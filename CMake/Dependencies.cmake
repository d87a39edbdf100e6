# SPDX-License-Identifier: Apache-2.0
# Everything from outside, found once, each behind one target.
find_package(Qt6 6.4 REQUIRED COMPONENTS Core Network Test)
find_package(Boost 1.74 REQUIRED)
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
pkg_check_modules(sodium REQUIRED IMPORTED_TARGET libsodium)
pkg_check_modules(iscsi REQUIRED IMPORTED_TARGET libiscsi>=1.19)
pkg_check_modules(fuse3 REQUIRED IMPORTED_TARGET fuse3>=3.10)
pkg_check_modules(mnl REQUIRED IMPORTED_TARGET libmnl)
pkg_check_modules(pq REQUIRED IMPORTED_TARGET libpq)
pkg_check_modules(systemd REQUIRED IMPORTED_TARGET libsystemd)
pkg_check_modules(tomlplusplus REQUIRED IMPORTED_TARGET tomlplusplus)
find_package(CLI11 REQUIRED)
