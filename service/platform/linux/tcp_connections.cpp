// SPDX-License-Identifier: Apache-2.0
#include "platform/linux/tcp_connections.h"

#include "platform/linux/system_error.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <sstream>

#include <arpa/inet.h>

namespace dyad::platform {
namespace {

// As the kernel writes it: each 32-bit word in the host's own byte order, in capital hexadecimal digits.
std::string kernelForm(const unsigned char* bytes, std::size_t words) {
    std::string text;
    for (std::size_t i = 0; i < words; ++i) {
        std::uint32_t word = 0;
        std::copy_n(bytes + 4 * i, 4, reinterpret_cast<unsigned char*>(&word));
        char digits[9];
        std::snprintf(digits, sizeof digits, "%08X", word);
        text += digits;
    }
    return text;
}

// The forms under which an address stands in the file of this family: IPv4 may hide in an IPv6 socket.
std::vector<std::string> kernelForms(const std::vector<std::string>& addresses, int family) {
    std::vector<std::string> forms;
    for (const std::string& address : addresses) {
        std::array<unsigned char, 16> bytes{};
        if (::inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
            if (family == 4) {
                forms.push_back(kernelForm(bytes.data(), 1));
            } else {
                std::array<unsigned char, 16> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
                std::copy_n(bytes.begin(), 4, mapped.begin() + 12);
                forms.push_back(kernelForm(mapped.data(), 4));
            }
        } else if (family == 6 && ::inet_pton(AF_INET6, address.c_str(), bytes.data()) == 1) {
            forms.push_back(kernelForm(bytes.data(), 4));
        }
    }
    return forms;
}

} // namespace

namespace {

std::size_t countIn(std::istream& lines, int family, const std::vector<std::string>& addresses) {
    constexpr const char* established = "01"; // TCP_ESTABLISHED of include/net/tcp_states.h
    const std::vector<std::string> forms = kernelForms(addresses, family);
    if (forms.empty()) return 0;
    std::size_t count = 0;
    std::string line;
    for (std::size_t seen = 0; seen < maxTcpLines && std::getline(lines, line); ++seen) {
        std::istringstream words(line);
        std::string slot;
        std::string local;
        std::string remote;
        std::string state;
        if (!(words >> slot >> local >> remote >> state) || state != established) continue;
        if (std::find(forms.begin(), forms.end(), local.substr(0, local.find(':'))) != forms.end()) ++count;
    }
    return count;
}

} // namespace

std::size_t establishedIn(const std::string& text, int family, const std::vector<std::string>& addresses) {
    std::istringstream lines(text);
    return countIn(lines, family, addresses);
}

Result<std::size_t> establishedTo(const std::vector<std::string>& addresses) {
    std::size_t count = 0;
    for (const auto& [path, family] : {std::pair{"/proc/net/tcp", 4}, std::pair{"/proc/net/tcp6", 6}}) {
        std::ifstream file(path);
        if (file)
            count += countIn(file, family, addresses);
        else if (family == 4) // without IPv6 a kernel has no such list for it
            return systemError("list the connections of", path, errno);
    }
    return count;
}

} // namespace dyad::platform
