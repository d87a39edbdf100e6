// SPDX-License-Identifier: Apache-2.0
// Reads the tokens file again when it changes, so that a token is good, or revoked, within a moment and without a restart.
#pragma once

#include "control/server/tokens.h"

#include <QFileSystemWatcher>
#include <QObject>
#include <QTimer>

#include <functional>
#include <string>

namespace dyad::daemon {

class TokenWatch : public QObject {
    Q_OBJECT
public:
    // `present`: what was read of it before.
    TokenWatch(std::string file, control::TokenTable present, QObject* parent = nullptr);

    std::function<void(control::TokenTable)> onTokens; // the file is good and says something else
    std::function<void(const Error&)> onTrouble;       // it can't be used: the tokens of before go on
    std::function<void()> onWell;                      // it can be used again

private:
    void changed();
    void read();

    // Editors and copies write in several steps; and a file that never rests is read once in this time.
    static constexpr std::chrono::milliseconds rest{100};

    std::string m_file;
    control::TokenTable m_present;
    QFileSystemWatcher m_watcher;
    QTimer m_rest;
    bool m_troubled = false;
};

} // namespace dyad::daemon
