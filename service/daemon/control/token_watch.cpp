// SPDX-License-Identifier: Apache-2.0
#include "daemon/control/token_watch.h"

#include <filesystem>
#include <utility>

namespace dyad::daemon {

TokenWatch::TokenWatch(std::string file, control::TokenTable present, QObject* parent)
    : QObject(parent), m_file(std::move(file)), m_present(std::move(present)) {
    m_rest.setSingleShot(true);
    connect(&m_rest, &QTimer::timeout, this, &TokenWatch::read);
    connect(&m_watcher, &QFileSystemWatcher::fileChanged, this, &TokenWatch::changed);
    connect(&m_watcher, &QFileSystemWatcher::directoryChanged, this, &TokenWatch::changed);
    // The folder tells of a file that takes this one's place; the file itself of one that is written over.
    m_watcher.addPath(QString::fromStdString(std::filesystem::path(m_file).parent_path().string()));
    m_watcher.addPath(QString::fromStdString(m_file));
}

void TokenWatch::changed() {
    if (!m_rest.isActive()) m_rest.start(rest);
}

void TokenWatch::read() {
    const QString name = QString::fromStdString(m_file);
    if (!m_watcher.files().contains(name)) m_watcher.addPath(name); // another file has its name now
    Result<control::TokenTable> tokens = control::loadTokens(m_file);
    if (!tokens) {
        m_troubled = true;
        if (onTrouble) onTrouble(tokens.error());
        return;
    }
    if (std::exchange(m_troubled, false) && onWell) onWell();
    if (tokens.value() == m_present) return; // something else in the folder has changed
    m_present = tokens.value();
    if (onTokens) onTokens(m_present);
}

} // namespace dyad::daemon
