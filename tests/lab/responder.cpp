// SPDX-License-Identifier: Apache-2.0
#include "lab/responder.h"

#include <arpa/inet.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace dyad::lab {

int responderMain() {
    char name[64] = {};
    gethostname(name, sizeof name - 1);
    const int handle = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    // The answer must come from the address that was asked: the floating one.
    const int yes = 1;
    setsockopt(handle, IPPROTO_IP, IP_PKTINFO, &yes, sizeof yes);
    sockaddr_in own{};
    own.sin_family = AF_INET;
    own.sin_port = htons(responderPort);
    if (bind(handle, reinterpret_cast<const sockaddr*>(&own), sizeof own) != 0) {
        std::perror("bind");
        return 1;
    }
    while (true) {
        char question[64];
        alignas(cmsghdr) char control[CMSG_SPACE(sizeof(in_pktinfo))];
        sockaddr_in peer{};
        iovec part{question, sizeof question};
        msghdr message{};
        message.msg_name = &peer;
        message.msg_namelen = sizeof peer;
        message.msg_iov = &part;
        message.msg_iovlen = 1;
        message.msg_control = control;
        message.msg_controllen = sizeof control;
        const auto got = recvmsg(handle, &message, 0);
        if (got < 0) continue;
        iovec answer[2] = {{question, static_cast<std::size_t>(got)}, {name, std::strlen(name)}};
        for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr; header = CMSG_NXTHDR(&message, header)) {
            if (header->cmsg_level != IPPROTO_IP || header->cmsg_type != IP_PKTINFO) continue;
            in_pktinfo where{};
            std::memcpy(&where, CMSG_DATA(header), sizeof where);
            where.ipi_spec_dst = where.ipi_addr;
            where.ipi_ifindex = 0;
            std::memcpy(CMSG_DATA(header), &where, sizeof where);
        }
        message.msg_iov = answer;
        message.msg_iovlen = 2;
        [[maybe_unused]] const auto sent = sendmsg(handle, &message, 0);
    }
}

int writeMarkMain(const std::string& file, const std::string& mark) {
    constexpr std::size_t blockBytes = 4096;
    void* block = nullptr;
    if (posix_memalign(&block, blockBytes, blockBytes) != 0) return 1;
    std::memset(block, 0, blockBytes);
    std::memcpy(block, mark.data(), mark.size() < blockBytes ? mark.size() : blockBytes);
    const int handle = open(file.c_str(), O_WRONLY | O_CREAT | O_DIRECT | O_CLOEXEC, 0600);
    if (handle < 0) {
        std::perror(file.c_str());
        return 1;
    }
    const auto written = pwrite(handle, block, blockBytes, 0);
    if (written < 0) std::perror("write");
    std::free(block);
    close(handle);
    return written < 0 ? 1 : 0;
}

} // namespace dyad::lab
