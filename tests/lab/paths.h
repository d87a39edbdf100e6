// SPDX-License-Identifier: Apache-2.0
// Where a lab keeps what it makes. Everything that `down` must remove is found below these folders, so that it also
// works after the lab itself was killed. The environment variable DYAD_LAB_NAME keeps several labs apart.
#pragma once

#include <string>

namespace dyad::lab {

[[nodiscard]] std::string labName();       // DYAD_LAB_NAME, or "lab"
[[nodiscard]] std::string stateFolder();   // /run/dyad-lab/NAME: namespaces, process records, sockets
[[nodiscard]] std::string diskFolder();    // /var/lib/dyad-lab/NAME: LUN images, the hosts' disks
[[nodiscard]] std::string cacheFolder();   // /var/cache/dyad-lab: prepared images, kept by `down`
[[nodiscard]] std::string programFolder(); // where dyad-lab, dyadd and the others were built to
[[nodiscard]] std::string programPath(const std::string& name);
[[nodiscard]] std::string hostFolder(const std::string& host); // the disk of a host, as the machine sees it

} // namespace dyad::lab
