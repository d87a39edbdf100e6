// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify/courier.h"

#include <QFile>

#include <algorithm>
#include <utility>

namespace dyad::daemon {

namespace {

constexpr const char* noticeKind = "notice";

} // namespace

Delivery::Delivery(Duration patience, Ended ended)
    : m_howLong(patience), m_ended(std::move(ended)), m_patience([this] {
          m_command.reset(); // kills it
          finish("no answer within " + toText(m_howLong));
      }),
      m_finishing([this] {
          m_command.reset();
          m_ended(m_trouble);
      }) {}

void Delivery::run(const alarms::ChannelCommand& command) {
    m_command = std::make_unique<agents::CapturedCommand>();
    m_patience.start(m_howLong);
    const Result<void> started = m_command->run({.command = command.words, .environment = command.environment},
                                                [this](const platform::ChildEnd& end, const std::string& output) {
                                                    const std::string said = agents::lastLines(output);
                                                    finish(end.clean() ? "" : said.empty() ? end.text() : said);
                                                });
    if (!started) finish(started.error().text());
}

void Delivery::finish(const std::string& trouble) {
    m_patience.stop();
    m_trouble = trouble;
    m_finishing.start(Duration(0));
}

Courier::Courier(CourierSetup setup)
    : m_setup(std::move(setup)), m_failedAlarm("notify.failed:" + m_setup.channel.name), m_outbox(m_setup.folder),
      m_delivery(
          std::make_unique<Delivery>(m_setup.pace.patience, [this](const std::string& trouble) { ended(trouble); })),
      m_retry([this] { deliverNext(); }) {
    if (m_outbox.size() > 0) m_retry.start(Duration(0));
}

void Courier::put(const alarms::Notice& notice) {
    if (notice.severity < m_setup.channel.least || notice.alarm == m_failedAlarm) return;
    const std::uint64_t pushedOut = m_outbox.pushedOut();
    if (Result<void> kept = m_outbox.put(notice); !kept)
        return write(model::Severity::Warning, "is not told of " + notice.alarm + ": " + kept.error().text());
    if (m_outbox.pushedOut() > pushedOut)
        write(model::Severity::Warning,
              "has " + std::to_string(alarms::maxWaiting) + " notices waiting: the oldest was dropped");
    if (!m_retry.running()) m_retry.start(Duration(0));
}

void Courier::deliverNext() {
    if (m_underWay) return;
    dropOld();
    if (m_outbox.size() == 0) return;
    m_underWay = true;
    m_delivery->run(alarms::commandOf(m_setup.channel, m_outbox.frontFile(), m_setup.program));
}

void Courier::dropOld() {
    const std::size_t old = m_outbox.dropOld(m_setup.clock.wallClockMs());
    if (old > 0)
        write(model::Severity::Warning,
              std::to_string(old) + " notices could not be delivered for a day and were dropped");
}

void Courier::ended(const std::string& trouble) {
    m_underWay = false;
    const Instant now = m_setup.clock.now();
    const alarms::Outbox::Waiting* const front = m_outbox.front();
    const std::string headline = front != nullptr ? front->headline : std::string();
    if (trouble.empty()) {
        m_outbox.dropFront();
        ++m_delivered;
        m_deliveredAt = m_setup.clock.wallClockMs();
        write(model::Severity::Information, "was told: " + headline);
        m_wait = {};
        m_trouble.clear();
        if (std::exchange(m_alarmed, false)) m_setup.alarms.clear(m_failedAlarm);
        if (m_outbox.size() > 0) m_retry.start(Duration(0));
        return;
    }
    ++m_failed;
    if (m_trouble != trouble) write(model::Severity::Warning, "could not be told " + headline + ": " + trouble);
    m_trouble = trouble;
    if (m_wait == Duration(0)) m_failingSince = now;
    const CourierPace& pace = m_setup.pace;
    m_wait = m_wait == Duration(0) ? pace.firstRetry : std::min(m_wait * 2, pace.longestRetry);
    m_retry.start(m_wait);
    if (m_alarmed || now - m_failingSince < pace.failingTellsAfter) return;
    m_alarmed = true;
    m_setup.alarms.raise({.id = m_failedAlarm,
                          .severity = model::Severity::Warning,
                          .text = "alarms don't reach " + alarms::describe(m_setup.channel) + ": " + trouble,
                          .remedy = "`dyad alarms test` tries it again; what waits is delivered as soon as it works",
                          .since = now,
                          .sinceWallClockMs = m_setup.clock.wallClockMs()});
}

void Courier::tryOut(const alarms::Notice& notice, std::function<void(const ports::ChannelTrial&)> tried) {
    m_tried = std::move(tried);
    m_triedAt = m_setup.clock.now();
    m_trial = std::make_unique<Delivery>(m_setup.pace.patience, [this](const std::string& trouble) {
        QFile::remove(QString::fromStdString(m_setup.folder + "/trial"));
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(m_setup.clock.now() - m_triedAt);
        const auto answer = std::exchange(m_tried, nullptr);
        answer(
            {.name = m_setup.channel.name, .delivered = trouble.empty(), .trouble = trouble, .tookMs = took.count()});
    });
    const std::string path = m_setup.folder + "/trial";
    QFile file(QString::fromStdString(path));
    if (file.open(QIODevice::WriteOnly | QIODevice::Truncate)) file.write(alarms::toJson(notice));
    file.close(); // what is missing of it, dyad-notify will say
    m_trial->run(alarms::commandOf(m_setup.channel, path, m_setup.program));
    // A channel that works again need not wait any longer.
    if (!m_underWay && m_outbox.size() > 0) m_retry.start(Duration(0));
}

ports::ChannelState Courier::state() const {
    return {.name = m_setup.channel.name,
            .type = alarms::typeOf(m_setup.channel),
            .target = alarms::describe(m_setup.channel),
            .least = model::toText(m_setup.channel.least),
            .waiting = m_outbox.size(),
            .deliveredWallClockMs = m_deliveredAt,
            .trouble = m_trouble,
            .delivered = m_delivered,
            .failed = m_failed};
}

void Courier::write(model::Severity severity, const std::string& text) {
    model::JournalEntry entry;
    entry.at = m_setup.clock.now();
    entry.wallClockMs = m_setup.clock.wallClockMs();
    entry.severity = severity;
    entry.kind = noticeKind;
    entry.text = "channel " + m_setup.channel.name + " " + text;
    m_setup.journal.write(std::move(entry));
}

} // namespace dyad::daemon
