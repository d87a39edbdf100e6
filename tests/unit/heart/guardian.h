// SPDX-License-Identifier: Apache-2.0
// Hearts are made to outlive whoever starts them. A test that crashes would leave some behind: a second process waits
// for its end, in whatever way it comes, and ends the hearts of its run directories.
#pragma once

#include "heart/launcher.h"

#include <QDir>
#include <QString>
#include <QTemporaryDir>

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

namespace dyad::heart {

class Guardian {
public:
    // Call before anything else of the test runs, threads least of all.
    Guardian() {
        m_base.setAutoRemove(false); // that is the guardian's to do
        int pipe[2];
        if (::pipe(pipe) != 0) return;
        m_process = ::fork();
        if (m_process == 0) {
            ::setsid();
            ::close(pipe[1]);
            // Not our caller's output: whoever waits for its end must not wait for ours.
            for (int i = 0; i < 3; ++i)
                ::close(i);
            char byte = 0;
            while (::read(pipe[0], &byte, 1) > 0) {
            }
            endAll();
            ::_exit(0);
        }
        ::close(pipe[0]);
        m_alive = pipe[1];
    }
    ~Guardian() {
        ::close(m_alive);
        ::waitpid(m_process, nullptr, 0);
    }
    Guardian(const Guardian&) = delete;
    Guardian& operator=(const Guardian&) = delete;

    // Run directories must be made with this.
    [[nodiscard]] QString pattern() const { return m_base.filePath("run-XXXXXX"); }
    [[nodiscard]] QString file(const QString& name) const { return m_base.filePath(name); }

private:
    void endAll() {
        // Twice: one may have been starting.
        for (int round = 0; round < 2; ++round) {
            for (const QString& name : QDir(m_base.path()).entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
                const auto living = findHeart(m_base.filePath(name).toStdString());
                if (!living) continue;
                const auto watched = watchProcess(living->process);
                if (watched) signalProcess(watched.value(), SIGKILL);
            }
            if (round == 0) ::usleep(200'000);
        }
        m_base.remove();
    }

    QTemporaryDir m_base;
    pid_t m_process = -1;
    int m_alive = -1;
};

} // namespace dyad::heart
