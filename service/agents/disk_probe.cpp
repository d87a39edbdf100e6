// SPDX-License-Identifier: Apache-2.0
#include "agents/disk_probe.h"

#include <cerrno>
#include <csignal>

#include "agents/reap_later.h"
#include "base/errno_text.h"
#include "platform/linux/child.h"

namespace dyad::agents {

using Verdict = ProbeResult::Verdict;
using DiskStep = platform::DiskTouchEnd::Step;

namespace {

// What a disk, or the way to it, says of itself. Anything else (no such folder, no right, no room) says nothing of it.
bool speaksOfTheDisk(int number) {
    switch (number) {
    case EIO:
    case EROFS: // a filesystem that has seen an error
    case ENXIO:
    case ENODEV:
    case ENOLINK:
    case EREMOTEIO:
    case ETIMEDOUT:
    case ESTALE:
    case ENOTCONN: // whoever served it is gone
    case ESHUTDOWN:
    case EUCLEAN: return true; // its structure is damaged
    default: return false;
    }
}

} // namespace

DiskProbeRunner::DiskProbeRunner(model::DiskProbe settings)
    : m_settings(std::move(settings)), m_deadline([this] {
          abandon();
          finish(Verdict::Failed, "no answer in time");
      }),
      m_soon([this] { begin(); }) {}

DiskProbeRunner::~DiskProbeRunner() {
    abandon();
    if (m_hanging.valid()) reapLater(std::move(m_hanging));
}

void DiskProbeRunner::run(Duration timeout, Done done) {
    abandon();
    m_done = std::move(done);
    m_deadline.start(timeout);
    m_soon.start(Duration(0));
}

void DiskProbeRunner::begin() {
    if (m_hanging.valid()) {
        if (!platform::hasEnded(m_hanging)) return finish(Verdict::Failed, "an earlier check still hangs in it");
        reapLater(std::move(m_hanging));
    }
    Result<platform::DiskTouch> begun = platform::touchDisk(m_settings.path, m_settings.write);
    if (!begun) return finish(Verdict::CouldNotRun, begun.error().text());
    m_touch = std::move(begun).value();
    m_watch = std::make_unique<DescriptorWatch>(m_touch.report.get(), QSocketNotifier::Read, [this] { answered(); });
}

void DiskProbeRunner::answered() {
    const std::optional<platform::DiskTouchEnd> end = platform::endOf(m_touch);
    abandon();
    if (!end) return finish(Verdict::CouldNotRun, "the check ended without a word");
    const std::string what = m_settings.write ? "written" : "read";
    if (end->step != DiskStep::Done)
        return finish(speaksOfTheDisk(end->number) ? Verdict::Failed : Verdict::CouldNotRun,
                      std::string("could not ") + platform::toText(end->step) + ": " + errnoText(end->number));
    const bool slow = end->took > m_settings.limit;
    finish(slow ? Verdict::Failed : Verdict::Well,
           what + " in " + toText(end->took) + (slow ? ", longer than " + toText(m_settings.limit) : ""));
}

// Ends the child of the present run; it is gone at once but where it hangs in the kernel.
void DiskProbeRunner::abandon() {
    m_soon.stop();
    m_watch.reset();
    m_touch.report.reset();
    if (!m_touch.pidfd.valid()) return;
    (void)platform::sendSignal(m_touch.pidfd, SIGKILL);
    if (m_hanging.valid()) reapLater(std::move(m_hanging));
    m_hanging = std::move(m_touch.pidfd);
}

void DiskProbeRunner::finish(Verdict verdict, const std::string& detail) {
    m_deadline.stop();
    const Done done = std::exchange(m_done, nullptr);
    done({verdict, m_settings.path + ": " + detail});
}

} // namespace dyad::agents
