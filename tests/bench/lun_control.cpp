// SPDX-License-Identifier: Apache-2.0
#include "bench/lun_control.h"

#include "lab/command.h"
#include "lab/host.h"
#include "storage/lun_protocol.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace dyad::bench {

using namespace dyad::lab;

namespace {

constexpr std::uint16_t clusterOfTheBench = 0xbe7c;
constexpr Duration answerDeadline = 10s;

Result<storage::LunMessage> receive(int handle, Duration deadline) {
    pollfd readable{handle, POLLIN, 0};
    const int ready = poll(&readable, 1, static_cast<int>(deadline.count() / 1'000'000));
    if (ready <= 0) return Error{"wait for dyad-lun", "", "no message within " + toText(deadline), ""};
    std::vector<std::uint8_t> bytes(storage::maxLunMessageBytes);
    const auto got = recv(handle, bytes.data(), bytes.size(), 0);
    if (got <= 0)
        return Error{"read from dyad-lun", "", got == 0 ? "it has closed the connection" : errnoText(errno), ""};
    bytes.resize(static_cast<std::size_t>(got));
    return storage::decodeLunMessage(bytes);
}

Result<void> transmit(int handle, const storage::LunMessage& message) {
    const auto bytes = storage::encodeLunMessage(message);
    if (::send(handle, bytes.data(), bytes.size(), MSG_NOSIGNAL) < 0)
        return Error{"write to dyad-lun", "", errnoText(errno), ""};
    return {};
}

// A path below /proc/PID/root may be longer than a socket's name: the socket is reached through its opened folder.
int dial(const std::string& path) {
    const auto slash = path.rfind('/');
    const int folder = open(path.substr(0, slash).c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder < 0) return -1;
    const std::string shortPath = "/proc/self/fd/" + std::to_string(folder) + path.substr(slash);
    const int handle = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, shortPath.c_str(), sizeof address.sun_path - 1);
    const bool connected = connect(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
    close(folder);
    if (connected) return handle;
    close(handle);
    return -1;
}

} // namespace

Result<LunControl> LunControl::connect(const std::string& socketPath, Duration deadline) {
    const Instant began = monotonicNow();
    int handle = -1;
    while ((handle = dial(socketPath)) < 0) {
        if (monotonicNow() - began > deadline) return Error{"connect to dyad-lun at", socketPath, errnoText(errno), ""};
        std::this_thread::sleep_for(5ms);
    }
    LunControl control(handle);
    if (auto sent = transmit(handle, storage::LunHello{}); !sent) return sent.error();
    while (true) {
        auto message = receive(handle, deadline);
        if (!message) return message.error();
        const auto* state = std::get_if<storage::LunState>(&message.value());
        if (state != nullptr && state->pathUp && state->exported) return control;
    }
}

LunControl::~LunControl() {
    if (m_socket >= 0) close(m_socket);
}

Result<model::ReservationAnswer> LunControl::ask(model::ReservationRequest request) {
    static std::uint64_t operation = 0;
    request.operation = model::OperationId(++operation);
    request.epoch = m_epoch;
    if (auto sent = transmit(m_socket, storage::LunRequest{request}); !sent) return sent.error();
    while (true) {
        auto message = receive(m_socket, answerDeadline);
        if (!message) return message.error();
        if (const auto* answer = std::get_if<storage::LunAnswer>(&message.value());
            answer != nullptr && answer->answer.operation == request.operation)
            return answer->answer;
    }
}

Result<void> LunControl::claim(model::NodeId node, std::uint32_t epoch) {
    m_epoch = model::Epoch(epoch);
    m_key = model::ReservationKey::make(clusterOfTheBench, node, model::BootDigest(epoch), m_epoch);
    auto before = ask({.command = model::ReservationCommand::Read});
    if (!before) return before.error();
    auto claimed = ask({.command = model::ReservationCommand::Claim,
                        .key = m_key,
                        .from = model::ClaimFrom::Nothing,
                        .expectedHolder = before.value().snapshot.holder});
    if (!claimed) return claimed.error();
    if (claimed.value().outcome != model::ReservationOutcome::Good)
        return Error{"claim the LUN", "", std::string(toText(claimed.value().outcome)) + " " + claimed.value().detail,
                     ""};
    return {};
}

Result<void> LunControl::release() {
    auto released = ask({.command = model::ReservationCommand::Release, .key = m_key});
    if (!released) return released.error();
    if (released.value().outcome != model::ReservationOutcome::Good)
        return Error{"release the LUN", "",
                     std::string(toText(released.value().outcome)) + " " + released.value().detail, ""};
    return {};
}

} // namespace dyad::bench
