// SPDX-License-Identifier: Apache-2.0
#include "lab/held_file.h"

#include "lab/array.h"
#include "lab/command.h"

#define FUSE_USE_VERSION 35
#include <fuse_lowlevel.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>
#include <vector>

namespace dyad::lab {

namespace {

constexpr fuse_ino_t diskInode = 2;
constexpr const char* diskName = "disk";
constexpr std::size_t orderBytes = 256;

Instant now() {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return Instant::fromNanoseconds(std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
}

} // namespace

struct HeldFileServer::State {
    int backing = -1;
    int orders = -1;
    fuse_session* session = nullptr;
    std::thread server;
    std::thread listener;

    std::mutex mutex;
    std::condition_variable released;
    std::string mark;     // of the write to hold; empty: none
    bool holding = false; // a write is being held now
    HeldWrite story;
};

namespace {

using State = HeldFileServer::State;

State* stateOf(fuse_req_t request) { return static_cast<State*>(fuse_req_userdata(request)); }

struct stat attributesOf(const State& state, fuse_ino_t inode) {
    struct stat attributes {};
    attributes.st_ino = inode;
    if (inode == FUSE_ROOT_ID) {
        attributes.st_mode = S_IFDIR | 0700;
        attributes.st_nlink = 2;
        return attributes;
    }
    struct stat below {};
    fstat(state.backing, &below);
    attributes.st_mode = S_IFREG | 0600;
    attributes.st_nlink = 1;
    attributes.st_size = below.st_size;
    attributes.st_blocks = below.st_blocks;
    attributes.st_blksize = below.st_blksize;
    return attributes;
}

void onLookup(fuse_req_t request, fuse_ino_t parent, const char* name) {
    if (parent != FUSE_ROOT_ID || std::strcmp(name, diskName) != 0) {
        fuse_reply_err(request, ENOENT);
        return;
    }
    fuse_entry_param entry{};
    entry.ino = diskInode;
    entry.attr = attributesOf(*stateOf(request), diskInode);
    fuse_reply_entry(request, &entry);
}

void onGetattr(fuse_req_t request, fuse_ino_t inode, fuse_file_info*) {
    const struct stat attributes = attributesOf(*stateOf(request), inode);
    fuse_reply_attr(request, &attributes, 1.0);
}

void onOpen(fuse_req_t request, fuse_ino_t inode, fuse_file_info* info) {
    if (inode != diskInode) {
        fuse_reply_err(request, EISDIR);
        return;
    }
    info->direct_io = 1;
    fuse_reply_open(request, info);
}

void onRead(fuse_req_t request, fuse_ino_t, size_t size, off_t offset, fuse_file_info*) {
    std::vector<char> buffer(size);
    const auto got = pread(stateOf(request)->backing, buffer.data(), size, offset);
    if (got < 0)
        fuse_reply_err(request, errno);
    else
        fuse_reply_buf(request, buffer.data(), static_cast<size_t>(got));
}

void onWrite(fuse_req_t request, fuse_ino_t, const char* data, size_t size, off_t offset, fuse_file_info*) {
    State& state = *stateOf(request);
    bool held = false;
    {
        std::unique_lock lock(state.mutex);
        if (!state.mark.empty() && size >= state.mark.size() &&
            std::memcmp(data, state.mark.data(), state.mark.size()) == 0) {
            held = true;
            state.mark.clear();
            state.holding = true;
            state.story.arrived = now();
            state.released.wait(lock, [&] { return !state.holding; });
        }
    }
    const auto written = pwrite(state.backing, data, size, offset);
    const int reason = errno;
    if (held) {
        const std::lock_guard lock(state.mutex);
        state.story.landed = now();
    }
    if (written < 0)
        fuse_reply_err(request, reason);
    else
        fuse_reply_write(request, static_cast<size_t>(written));
}

void onFsync(fuse_req_t request, fuse_ino_t, int, fuse_file_info*) {
    fuse_reply_err(request, fdatasync(stateOf(request)->backing) == 0 ? 0 : errno);
}

std::string answerTo(State& state, const std::string& order) {
    const std::lock_guard lock(state.mutex);
    if (order.rfind("hold ", 0) == 0) {
        state.mark = order.substr(5);
        state.story = {};
        return "done";
    }
    if (order == "release") {
        state.mark.clear();
        state.holding = false;
        state.released.notify_all();
        return "done";
    }
    const auto text = [](const std::optional<Instant>& instant) {
        return instant ? std::to_string(instant->nanoseconds()) : std::string("0");
    };
    return text(state.story.arrived) + " " + text(state.story.landed);
}

void listenForOrders(State& state) {
    while (true) {
        const int peer = accept4(state.orders, nullptr, nullptr, SOCK_CLOEXEC);
        if (peer < 0) {
            if (errno == EINTR) continue;
            return;
        }
        char buffer[orderBytes];
        const auto got = recv(peer, buffer, sizeof buffer, 0);
        if (got > 0) {
            const std::string answer = answerTo(state, std::string(buffer, static_cast<std::size_t>(got)));
            [[maybe_unused]] const auto sent = send(peer, answer.data(), answer.size(), MSG_NOSIGNAL);
        }
        close(peer);
    }
}

Result<std::string> ask(const std::string& order) {
    const std::string path = heldOrdersPath();
    const int handle = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    if (handle < 0) return Error{"make a socket", "", errnoText(errno), ""};
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    const timeval limit{2, 0};
    setsockopt(handle, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    char buffer[orderBytes];
    ssize_t got = -1;
    if (connect(handle, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
        send(handle, order.data(), order.size(), MSG_NOSIGNAL) >= 0)
        got = recv(handle, buffer, sizeof buffer, 0);
    const int reason = errno;
    close(handle);
    if (got < 0) return Error{"order the array's disk", order, errnoText(reason), "Is the array up?"};
    return std::string(buffer, static_cast<std::size_t>(got));
}

} // namespace

HeldFileServer::HeldFileServer(std::unique_ptr<State> state) : m_state(std::move(state)) {}

HeldFileServer::~HeldFileServer() {
    fuse_session_exit(m_state->session);
    fuse_session_unmount(m_state->session);
    shutdown(m_state->orders, SHUT_RDWR);
    if (m_state->server.joinable()) m_state->server.join();
    if (m_state->listener.joinable()) m_state->listener.join();
    fuse_session_destroy(m_state->session);
    close(m_state->orders);
    close(m_state->backing);
}

Result<std::unique_ptr<HeldFileServer>> HeldFileServer::serve(const std::string& backing, const std::string& mountPoint,
                                                              const std::string& orders) {
    auto state = std::make_unique<State>();
    state->backing = open(backing.c_str(), O_RDWR | O_CLOEXEC);
    if (state->backing < 0) return Error{"open", backing, errnoText(errno), ""};
    std::error_code ignored;
    std::filesystem::create_directories(mountPoint, ignored);

    fuse_lowlevel_ops operations{};
    operations.lookup = onLookup;
    operations.getattr = onGetattr;
    operations.open = onOpen;
    operations.read = onRead;
    operations.write = onWrite;
    operations.fsync = onFsync;
    std::string name = "dyad-lab";
    char* words[] = {name.data()};
    fuse_args arguments = FUSE_ARGS_INIT(1, words);
    state->session = fuse_session_new(&arguments, &operations, sizeof operations, state.get());
    if (state->session == nullptr) return Error{"start FUSE for", backing, "libfuse refused", ""};
    if (fuse_session_mount(state->session, mountPoint.c_str()) != 0)
        return Error{"mount FUSE on", mountPoint, errnoText(errno), "Is /dev/fuse there?"};

    unlink(orders.c_str());
    state->orders = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, orders.c_str(), sizeof address.sun_path - 1);
    if (bind(state->orders, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
        listen(state->orders, 8) != 0)
        return Error{"listen on", orders, errnoText(errno), ""};

    State* served = state.get();
    state->server = std::thread([served] {
        // Several threads: one held write must not stop the others.
        fuse_loop_config config{};
        config.clone_fd = 0;
        config.max_idle_threads = 10;
        fuse_session_loop_mt(served->session, &config);
    });
    state->listener = std::thread([served] { listenForOrders(*served); });
    return std::unique_ptr<HeldFileServer>(new HeldFileServer(std::move(state)));
}

Result<void> holdNextWrite(const std::string& mark) {
    DYAD_CHECK(!mark.empty() && mark.size() <= holdMarkBytes, "the mark of a held write has the wrong length");
    auto answer = ask("hold " + mark);
    if (!answer) return answer.error();
    return {};
}

Result<void> letHeldWriteGo() {
    auto answer = ask("release");
    if (!answer) return answer.error();
    return {};
}

Result<HeldWrite> heldWrite() {
    auto answer = ask("story");
    if (!answer) return answer.error();
    std::istringstream numbers(answer.value());
    std::int64_t arrived = 0;
    std::int64_t landed = 0;
    numbers >> arrived >> landed;
    HeldWrite story;
    if (arrived != 0) story.arrived = Instant::fromNanoseconds(arrived);
    if (landed != 0) story.landed = Instant::fromNanoseconds(landed);
    return story;
}

} // namespace dyad::lab
