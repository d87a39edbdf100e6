// SPDX-License-Identifier: Apache-2.0
#include "cli/terminal.h"

#include "cli/output.h"

#include <csignal>
#include <sys/ioctl.h>
#include <sys/signalfd.h>
#include <termios.h>
#include <unistd.h>

namespace dyad::cli {
namespace {

constexpr const char* enter = "\x1b[?1049h\x1b[?25l";
constexpr const char* leave = "\x1b[?25h\x1b[?1049l";

// The first `columns` columns of a line; escapes take none, and all colours end with it.
std::string cut(const std::string& line, int columns) {
    std::string out;
    int width = 0;
    for (std::size_t i = 0; i < line.size(); ++i) {
        if (line[i] == '\x1b') {
            while (i < line.size() && line[i] != 'm')
                out += line[i++];
            if (i < line.size()) out += line[i];
            continue;
        }
        const bool begins = (static_cast<unsigned char>(line[i]) & 0xc0) != 0x80;
        if (begins && ++width > columns) break;
        out += line[i];
    }
    return out + "\x1b[0m";
}

} // namespace

struct Terminal::Saved {
    termios settings{};
    sigset_t signals{};
    int descriptor = -1;
};

bool Terminal::available() { return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDOUT_FILENO) == 1; }

Terminal::Size Terminal::size() {
    winsize window{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0 || window.ws_row == 0 || window.ws_col == 0) return {};
    return {window.ws_row, window.ws_col};
}

Terminal::Terminal() : m_saved(std::make_unique<Saved>()) {
    ::tcgetattr(STDIN_FILENO, &m_saved->settings);
    termios single = m_saved->settings;
    single.c_lflag &= ~static_cast<tcflag_t>(ICANON | ECHO);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &single);

    // Signals become ordinary events, so that the destructor always runs. Ctrl-Z is left out: it would leave the
    // screen to the shell as it is.
    sigset_t signals;
    sigemptyset(&signals);
    for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGWINCH, SIGTSTP})
        sigaddset(&signals, signal);
    ::sigprocmask(SIG_BLOCK, &signals, &m_saved->signals);
    m_saved->descriptor = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);

    m_keys = std::make_unique<QSocketNotifier>(STDIN_FILENO, QSocketNotifier::Read);
    QObject::connect(m_keys.get(), &QSocketNotifier::activated, m_keys.get(), [this] { keyWaiting(); });
    m_signals = std::make_unique<QSocketNotifier>(m_saved->descriptor, QSocketNotifier::Read);
    QObject::connect(m_signals.get(), &QSocketNotifier::activated, m_signals.get(), [this] { signalWaiting(); });
    print(enter);
}

Terminal::~Terminal() {
    print(leave);
    m_keys.reset();
    m_signals.reset();
    ::close(m_saved->descriptor);
    ::sigprocmask(SIG_SETMASK, &m_saved->signals, nullptr);
    ::tcsetattr(STDIN_FILENO, TCSANOW, &m_saved->settings);
}

void Terminal::keyWaiting() {
    char key = 0;
    if (::read(STDIN_FILENO, &key, 1) == 1) {
        if (onKey) onKey(key);
    } else {
        m_keys->setEnabled(false);
        if (onEnd) onEnd();
    }
}

void Terminal::signalWaiting() {
    signalfd_siginfo info{};
    if (::read(m_saved->descriptor, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) return;
    if (info.ssi_signo == SIGWINCH) {
        if (onResize) onResize();
    } else if (info.ssi_signo != SIGTSTP && onEnd) {
        onEnd();
    }
}

void Terminal::draw(const std::string& text) {
    const Size screen = size();
    std::string out = "\x1b[H";
    std::size_t from = 0;
    for (int row = 0; row < screen.rows; ++row) {
        const std::size_t end = text.find('\n', from);
        if (from < text.size())
            out += cut(text.substr(from, end == std::string::npos ? end : end - from), screen.columns);
        from = end == std::string::npos ? text.size() : end + 1;
        out += "\x1b[K";
        if (row + 1 < screen.rows) out += "\r\n";
    }
    print(out);
}

} // namespace dyad::cli
