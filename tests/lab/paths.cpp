// SPDX-License-Identifier: Apache-2.0
#include "lab/paths.h"

#include <cstdlib>
#include <filesystem>

namespace dyad::lab {

std::string labName() {
    const char* name = std::getenv("DYAD_LAB_NAME");
    return name != nullptr && *name != '\0' ? name : "lab";
}

std::string stateFolder() { return "/run/dyad-lab/" + labName(); }
std::string diskFolder() { return "/var/lib/dyad-lab/" + labName(); }
std::string cacheFolder() { return "/var/cache/dyad-lab"; }
std::string hostFolder(const std::string& host) { return diskFolder() + "/hosts/" + host; }

std::string programFolder() {
    std::error_code error;
    const auto self = std::filesystem::read_symlink("/proc/self/exe", error);
    auto folder = self.parent_path();
    // Test programs live one folder beside the programs that they run.
    if (!std::filesystem::exists(folder / "dyad-lab", error)) folder = folder.parent_path() / "bin";
    return folder.string();
}

std::string programPath(const std::string& name) { return programFolder() + "/" + name; }

} // namespace dyad::lab
