// SPDX-License-Identifier: Apache-2.0
// A null-modem cable: two pseudo-terminals, and a thread that carries bytes between them. What the two ends are opened
// as lives as long as this object, in this process alone: nothing is left behind, whatever becomes of it.
#pragma once

#include <array>
#include <atomic>
#include <cstdlib>
#include <string>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <termios.h>
#include <unistd.h>

namespace dyad::fakes {

class SerialCable {
public:
    SerialCable() {
        m_sound = true;
        for (End& end : m_ends) {
            end.master = ::posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
            std::array<char, 128> name{};
            m_sound = m_sound && end.master >= 0 && ::grantpt(end.master) == 0 && ::unlockpt(end.master) == 0 &&
                      ::ptsname_r(end.master, name.data(), name.size()) == 0;
            end.name = name.data();
            // Held open, so that the line doesn't hang up between two users of it; raw, so that nothing is echoed.
            end.slave = m_sound ? ::open(end.name.c_str(), O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
            termios mode{};
            m_sound = m_sound && end.slave >= 0 && ::tcgetattr(end.slave, &mode) == 0;
            ::cfmakeraw(&mode);
            m_sound = m_sound && ::tcsetattr(end.slave, TCSANOW, &mode) == 0;
        }
        if (m_sound) m_thread = std::thread([this] { carry(); });
    }
    ~SerialCable() {
        m_stop = true;
        if (m_thread.joinable()) m_thread.join();
        for (const End& end : m_ends) {
            if (end.slave >= 0) ::close(end.slave);
            if (end.master >= 0) ::close(end.master);
        }
    }
    SerialCable(const SerialCable&) = delete;
    SerialCable& operator=(const SerialCable&) = delete;

    [[nodiscard]] bool sound() const { return m_sound; }
    // "/dev/pts/7"
    [[nodiscard]] const std::string& end(std::size_t index) const { return m_ends[index].name; }
    // What goes in comes out nowhere while it is pulled.
    void plug(bool plugged) { m_plugged = plugged; }
    // Noise, as if it came from the other end.
    void disturb(std::size_t index, const std::string& bytes) {
        [[maybe_unused]] const auto ignored = ::write(m_ends[index].master, bytes.data(), bytes.size());
    }

private:
    struct End {
        int master = -1;
        int slave = -1;
        std::string name;
    };

    void carry() {
        std::array<char, 4096> bytes{};
        while (!m_stop) {
            std::array<pollfd, 2> waiting{{{m_ends[0].master, POLLIN, 0}, {m_ends[1].master, POLLIN, 0}}};
            if (::poll(waiting.data(), waiting.size(), 20) <= 0) continue;
            for (std::size_t from = 0; from < 2; ++from) {
                const ssize_t count = ::read(m_ends[from].master, bytes.data(), bytes.size());
                if (count <= 0 || !m_plugged) continue;
                [[maybe_unused]] const auto ignored =
                    ::write(m_ends[1 - from].master, bytes.data(), static_cast<std::size_t>(count));
            }
        }
    }

    std::array<End, 2> m_ends;
    bool m_sound = false;
    std::atomic<bool> m_plugged = true;
    std::atomic<bool> m_stop = false;
    std::thread m_thread;
};

} // namespace dyad::fakes
