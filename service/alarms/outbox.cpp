// SPDX-License-Identifier: Apache-2.0
#include "alarms/outbox.h"

#include <QDir>
#include <QFile>

#include <algorithm>

namespace dyad::alarms {

namespace {

constexpr int numberDigits = 12;
constexpr QLatin1String ending(".json");

} // namespace

Outbox::Outbox(std::string folder) : m_folder(std::move(folder)) {
    const QDir place(QString::fromStdString(m_folder));
    place.mkpath(QStringLiteral("."));
    QFile::setPermissions(place.path(), QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    for (const QString& name : place.entryList({QLatin1Char('*') + ending}, QDir::Files, QDir::Name)) {
        bool numbered = false;
        const std::uint64_t number = name.chopped(ending.size()).toULongLong(&numbered);
        const Result<Notice> notice = readNotice(place.filePath(name).toStdString());
        if (numbered && notice && place.filePath(name).toStdString() == fileOf(number))
            m_waiting.push_back({number, notice.value().wallClockMs, headlineOf(notice.value())});
        else
            QFile::remove(place.filePath(name));
    }
    std::sort(m_waiting.begin(), m_waiting.end(), [](const auto& a, const auto& b) { return a.number < b.number; });
    if (!m_waiting.empty()) m_last = m_waiting.back().number;
    while (m_waiting.size() > maxWaiting)
        dropFront();
}

std::string Outbox::fileOf(std::uint64_t number) const {
    return m_folder + "/" +
           (QStringLiteral("%1").arg(number, numberDigits, 10, QLatin1Char('0')) + ending).toStdString();
}

Result<void> Outbox::put(const Notice& notice) {
    const std::string path = fileOf(m_last + 1);
    QFile file(QString::fromStdString(path));
    const QByteArray bytes = toJson(notice);
    if (bytes.size() > maxNoticeBytes)
        return Error{"write", path, "the notice has " + std::to_string(bytes.size()) + " bytes", "shorten its text"};
    if (!file.open(QIODevice::WriteOnly | QIODevice::Truncate) || file.write(bytes) != bytes.size() || !file.flush()) {
        const std::string why = file.errorString().toStdString();
        file.remove();
        return Error{"write", path, why, "look at the disk that holds it"};
    }
    m_waiting.push_back({++m_last, notice.wallClockMs, headlineOf(notice)});
    if (m_waiting.size() > maxWaiting) {
        dropFront();
        ++m_pushedOut;
    }
    return {};
}

std::string Outbox::frontFile() const { return m_waiting.empty() ? std::string() : fileOf(m_waiting.front().number); }

void Outbox::dropFront() {
    if (m_waiting.empty()) return;
    QFile::remove(QString::fromStdString(frontFile()));
    m_waiting.pop_front();
}

std::size_t Outbox::dropOld(std::int64_t wallClockMs) {
    std::size_t dropped = 0;
    while (!m_waiting.empty() && wallClockMs - m_waiting.front().wallClockMs > longestWaitMs) {
        dropFront();
        ++dropped;
    }
    return dropped;
}

} // namespace dyad::alarms
