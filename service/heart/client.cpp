// SPDX-License-Identifier: Apache-2.0
#include "heart/client.h"

#include "base/errno_text.h"
#include "heart/launcher.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace dyad::heart {

namespace {

constexpr int maxPokesPerDrain = 64;

Result<int> connectSocket(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return Error{"connect to the heart", path, "the path is longer than a socket's name may be",
                     "Use a shorter run directory"};
    std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
    const int socket = ::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (socket < 0) return Error{"connect to the heart", path, errnoText(errno), ""};
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
        Error error{"connect to the heart", path, errnoText(errno), ""};
        ::close(socket);
        return error;
    }
    return socket;
}

} // namespace

Client::Client(std::string runDirectory, Settings settings)
    : m_runDirectory(std::move(runDirectory)), m_settings(std::move(settings)) {}

Client::~Client() { disconnect(); }

void Client::disconnect() {
    m_board.reset();
    if (m_socket >= 0) ::close(std::exchange(m_socket, -1));
    if (m_process >= 0) ::close(std::exchange(m_process, -1));
}

Result<void> Client::connect() {
    disconnect();
    Result<Board> board = Board::open(boardPath(m_runDirectory), m_settings.boot);
    if (!board) return board.error();
    if (board.value().header().settingsDigest != digestOf(m_settings))
        return Error{"connect to the heart", m_runDirectory, "it runs with other settings", ""};
    const Result<int> process = watchProcess(board.value().heart());
    if (!process) return process.error();
    const Result<int> socket = connectSocket(socketPath(m_runDirectory));
    if (!socket) {
        ::close(process.value());
        return socket.error();
    }
    m_process = process.value();
    m_socket = socket.value();
    m_board = std::move(board).value();
    const std::optional<BoardOrder> order = m_board->readOrder();
    m_published = order ? order->published : 0;
    m_previous = order && order->published > 0 ? wire::toModel(order->status) : std::nullopt;
    return {};
}

ProcessIdentity Client::process() const { return m_board ? m_board->heart() : ProcessIdentity{}; }

Client::Drained Client::drain() {
    if (!connected()) return Drained::Closed;
    Drained drained = Drained::Nothing;
    for (int i = 0; i < maxPokesPerDrain; ++i) {
        char poke[8];
        const ssize_t got = ::recv(m_socket, poke, sizeof poke, MSG_DONTWAIT);
        if (got > 0)
            drained = Drained::Changed;
        else if (got < 0 && errno == EINTR)
            continue;
        else if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
            return drained;
        else
            return Drained::Closed;
    }
    return drained;
}

std::optional<Report> Client::report() const {
    if (!connected()) return std::nullopt;
    const std::optional<BoardReport> board = m_board->readReport();
    if (!board) return std::nullopt;
    return toReport(*board, m_settings);
}

bool Client::publish(const model::NodeStatus& status) {
    if (!connected()) return false;
    m_board->writeOrder(BoardOrder{++m_published, wire::toPlain(status)});
    // When its buffer is full of pokes the heart is about to look anyway.
    const char poke = 1;
    [[maybe_unused]] const ssize_t sent = ::send(m_socket, &poke, 1, MSG_DONTWAIT | MSG_NOSIGNAL);
    return true;
}

} // namespace dyad::heart
