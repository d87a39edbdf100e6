// SPDX-License-Identifier: Apache-2.0
#include "storage/filesystem/mount_table.h"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace dyad::storage {
namespace {

// The kernel writes blank, tab, newline and backslash as \ooo.
std::string unescape(const std::string& text) {
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool octal = text[i] == '\\' && i + 3 < text.size() && text[i + 1] >= '0' && text[i + 1] <= '3' &&
                           text[i + 2] >= '0' && text[i + 2] <= '7' && text[i + 3] >= '0' && text[i + 3] <= '7';
        if (!octal) {
            plain += text[i];
            continue;
        }
        plain += static_cast<char>((text[i + 1] - '0') * 64 + (text[i + 2] - '0') * 8 + (text[i + 3] - '0'));
        i += 3;
    }
    return plain;
}

std::string readSmallFile(const std::string& path, std::size_t most) {
    std::ifstream file(path, std::ios::binary);
    std::string text;
    char part[4096];
    while (file.read(part, sizeof part) || file.gcount() > 0) {
        text.append(part, static_cast<std::size_t>(file.gcount()));
        if (text.size() > most) return {};
    }
    return text;
}

} // namespace

std::vector<MountedFilesystem> parseMountTable(const std::string& text) {
    std::vector<MountedFilesystem> table;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        std::istringstream words(line);
        std::string id, parent, device, root, point, options, word;
        if (!(words >> id >> parent >> device >> root >> point >> options)) continue;
        while (words >> word && word != "-") {
        }
        MountedFilesystem mounted;
        std::string source;
        if (!(words >> mounted.type >> source >> mounted.superOptions)) continue;
        mounted.mountPoint = unescape(point);
        mounted.source = unescape(source);
        if (std::sscanf(device.c_str(), "%u:%u", &mounted.major, &mounted.minor) != 2) continue;
        table.push_back(std::move(mounted));
    }
    return table;
}

std::vector<MountedFilesystem> readMountTable(const std::string& file) {
    return parseMountTable(readSmallFile(file, maxMountTableBytes));
}

std::optional<MountedFilesystem> mountedAt(const std::string& mountPoint, const std::string& file) {
    std::optional<MountedFilesystem> found;
    for (MountedFilesystem& each : readMountTable(file))
        if (each.mountPoint == mountPoint) found = std::move(each); // later lines lie on top
    return found;
}

namespace {
std::string sysfsFolder(const std::string& loopDevice) {
    return "/sys/block/" + loopDevice.substr(loopDevice.rfind('/') + 1);
}
} // namespace

LoopRecord recordOf(const std::string& loopDevice) {
    const std::string sequence = readSmallFile(sysfsFolder(loopDevice) + "/diskseq", 64);
    return {loopDevice, std::strtoull(sequence.c_str(), nullptr, 10)};
}

std::optional<LoopRecord> readLoopRecord(const std::string& path) {
    std::istringstream words(readSmallFile(path, 256));
    LoopRecord record;
    if (!(words >> record.device >> record.sequence) || record.device.rfind("/dev/loop", 0) != 0) return std::nullopt;
    return record;
}

bool writeLoopRecord(const std::string& path, const LoopRecord& record) {
    std::ofstream file(path, std::ios::trunc);
    file << record.device << ' ' << record.sequence << '\n';
    return static_cast<bool>(file.flush());
}

bool loopAlive(const LoopRecord& record) {
    const bool attached = !readSmallFile(sysfsFolder(record.device) + "/loop/backing_file", 8192).empty();
    return attached && recordOf(record.device) == record;
}

} // namespace dyad::storage
