// SPDX-License-Identifier: Apache-2.0
#include "agents/process_sweeper.h"

#include "platform/linux/child.h"

namespace dyad::agents {

ProcessSweeper::ProcessSweeper() : m_next([this] { round(); }) {}

void ProcessSweeper::cancel() {
    m_done = nullptr;
    m_next.stop();
    m_watches.clear();
    m_found.clear();
}

void ProcessSweeper::sweep(platform::ProcessTraits traits, Done done) {
    cancel();
    m_traits = std::move(traits);
    m_done = std::move(done);
    m_killed = 0;
    m_rounds = 0;
    round();
}

void ProcessSweeper::round() {
    const auto finish = [this](Result<std::size_t> result) {
        const Done done = std::exchange(m_done, nullptr);
        cancel();
        done(std::move(result));
    };
    m_watches.clear();
    if (++m_rounds > maxSweepRounds)
        return finish(
            Error{"kill", m_traits.environmentMark, "new processes appeared as fast as they were killed", {}});
    Result<std::vector<platform::FoundProcess>> found = platform::findProcesses(m_traits);
    if (!found) return finish(found.error());
    if (found.value().empty()) return finish(m_killed);

    m_found = std::move(found).value();
    m_killed += m_found.size();
    m_waiting = m_found.size();
    platform::killAll(m_found);
    for (std::size_t index = 0; index < m_found.size(); ++index)
        m_watches.push_back(std::make_unique<DescriptorWatch>(m_found[index].pidfd.get(), QSocketNotifier::Read,
                                                              [this, index] { collect(index); }));
}

void ProcessSweeper::collect(std::size_t index) {
    // A child of the service that nobody else watches would stay a zombie; for all others this does nothing.
    (void)platform::reap(m_found[index].pidfd);
    m_watches[index].reset();
    if (--m_waiting == 0) m_next.start(Duration(0));
}

} // namespace dyad::agents
