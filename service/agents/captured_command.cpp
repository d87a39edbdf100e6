// SPDX-License-Identifier: Apache-2.0
#include "agents/captured_command.h"

#include <array>
#include <cerrno>
#include <csignal>
#include <vector>

#include "agents/reap_later.h"
#include "platform/linux/process_sweep.h"

namespace dyad::agents {

namespace {
constexpr int maxReadsPerCall = 16; // a child that writes without end must not keep the event loop
}

std::string lastLines(const std::string& output, std::size_t lines) {
    std::vector<std::string> kept;
    std::size_t end = output.size();
    while (kept.size() < lines && end > 0) {
        const std::size_t lineBreak = output.rfind('\n', end - 1);
        const std::size_t begin = lineBreak == std::string::npos ? 0 : lineBreak + 1;
        std::string line = output.substr(begin, end - begin);
        for (char& character : line)
            if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f) character = ' ';
        while (!line.empty() && line.back() == ' ')
            line.pop_back();
        if (!line.empty()) kept.push_back(std::move(line));
        end = begin == 0 ? 0 : begin - 1;
    }
    std::string text;
    for (auto line = kept.rbegin(); line != kept.rend(); ++line)
        text += (text.empty() ? "" : " | ") + *line;
    return text;
}

CapturedCommand::~CapturedCommand() {
    if (!m_running) return;
    platform::ProcessTraits traits;
    traits.session = m_child.identity.pid;
    // First its children, that can't be told any more once it has been collected.
    if (const auto found = platform::findProcesses(traits)) platform::killAll(found.value());
    (void)platform::sendSignal(m_child.pidfd, SIGKILL);
    m_endWatch.reset();
    reapLater(std::move(m_child.pidfd));
}

Result<void> CapturedCommand::run(platform::ChildSetup setup, Done done) {
    DYAD_CHECK(!m_running, "a command was run a second time before it had ended");
    setup.output = platform::ChildSetup::Output::Capture;
    Result<platform::Child> child = platform::startChild(setup);
    if (!child) return child.error();
    m_child = std::move(child).value();
    m_running = true;
    m_output.clear();
    m_done = std::move(done);
    m_outputWatch =
        std::make_unique<DescriptorWatch>(m_child.output.get(), QSocketNotifier::Read, [this] { readOutput(); });
    m_endWatch = std::make_unique<DescriptorWatch>(m_child.pidfd.get(), QSocketNotifier::Read, [this] { ended(); });
    return {};
}

void CapturedCommand::readOutput() {
    std::array<char, 4096> piece{};
    for (int reads = 0; reads < maxReadsPerCall; ++reads) {
        const ssize_t count = ::read(m_child.output.get(), piece.data(), piece.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0 && errno == EAGAIN) return;
        if (count <= 0) return m_outputWatch.reset();
        m_output.append(piece.data(), static_cast<std::size_t>(count));
        if (m_output.size() > m_mostBytes) m_output.erase(0, m_output.size() - m_mostBytes);
    }
}

void CapturedCommand::ended() {
    const Result<std::optional<platform::ChildEnd>> end = platform::reap(m_child.pidfd);
    if (end && !end.value()) return; // not yet to be collected
    if (m_outputWatch) readOutput();
    m_outputWatch.reset();
    m_endWatch.reset();
    m_running = false;
    m_child.output.reset();
    // Collected by somebody else: what it came to is unknown, and unknown isn't well.
    const platform::ChildEnd what = end ? *end.value() : platform::ChildEnd{false, 255};
    const std::string output = std::move(m_output);
    const Done done = std::exchange(m_done, nullptr);
    done(what, output);
}

} // namespace dyad::agents
