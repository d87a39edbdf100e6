// SPDX-License-Identifier: Apache-2.0
// The disk array: stock tgtd in the namespace "array" with two LUNs of one target. LUN 1 is a file on this machine's
// disk; LUN 2 is such a file behind a HeldFileServer. Both processes live in a pid and a mount namespace of their own.
#pragma once

#include "base/result.h"

#include <string>

namespace dyad::lab {

inline constexpr const char* targetName = "iqn.2026-11.example:array";
inline constexpr unsigned dataLun = 1;
inline constexpr unsigned ledgerLun = 2;

[[nodiscard]] std::string imagePath(unsigned lun); // of the backing file
[[nodiscard]] std::string heldOrdersPath();        // see held_file.h
[[nodiscard]] std::string lunUrl(unsigned lun);    // iscsi://portal/target/lun

[[nodiscard]] Result<void> startArray(); // blocks until both LUNs are served, tens of ms
// At once, as a power failure of the array would; every reservation is forgotten.
[[nodiscard]] Result<void> stopArray();
[[nodiscard]] bool arrayRuns();
// Its target stands still and answers nothing, and goes on where it was.
[[nodiscard]] Result<void> setArrayFrozen(bool frozen);

// `dyad-lab internal array`: becomes the array's first process. Returns the exit status.
int arrayMain();

} // namespace dyad::lab
