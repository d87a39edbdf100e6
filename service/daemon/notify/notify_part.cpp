// SPDX-License-Identifier: Apache-2.0
#include "daemon/notify/notify_part.h"

#include <QDir>
#include <QFile>
#include <QSaveFile>

#include <algorithm>

namespace dyad::daemon {

namespace {

constexpr qint64 maxToldBytes = 4 * 1024 * 1024;

// Outboxes of channels that the configuration no longer has: nobody will ever empty them.
void removeForeignOutboxes(const std::string& folder, const std::vector<model::NotifySetup>& channels) {
    const QDir place(QString::fromStdString(folder));
    for (const QString& name : place.entryList(QDir::Dirs | QDir::NoDotAndDotDot)) {
        const bool known = std::any_of(channels.begin(), channels.end(), [&](const model::NotifySetup& each) {
            return QString::fromStdString(each.name) == name;
        });
        if (!known) QDir(place.filePath(name)).removeRecursively();
    }
}

} // namespace

struct NotifyPart::Trial {
    std::vector<ports::ChannelTrial> answers;
    std::function<void(const std::vector<ports::ChannelTrial>&)> tried;
};

NotifyPart::NotifyPart(const Setup& setup)
    : m_alarms(setup.alarms), m_clock(setup.clock), m_cluster(setup.configuration.clusterName),
      m_node(setup.configuration.nodes[model::indexOf(setup.self)].name), m_due([this] { tell(); }) {
    const std::string folder = setup.options.stateDirectory + "/notices";
    m_toldFile = folder + "/told.jsonl";
    removeForeignOutboxes(folder, setup.configuration.notify);
    for (const model::NotifySetup& channel : setup.configuration.notify)
        m_couriers.push_back(std::make_unique<Courier>(
            CourierSetup{channel, folder + "/" + channel.name, setup.options.programDirectory + "/dyad-notify",
                         setup.alarms, setup.journal, setup.clock, setup.pace}));
    if (m_couriers.empty()) return;
    recall();
    m_alarms.onNews = [this](const model::AlarmView& alarm, bool raised) {
        m_damper.note(m_clock.now(), noticeOf(alarm, raised));
        m_due.start(Duration(0)); // after what else happens now
    };
    for (const model::AlarmView& alarm : m_alarms.list())
        m_alarms.onNews(alarm, true);
    m_due.start(Duration(0));
}

NotifyPart::~NotifyPart() { m_alarms.onNews = nullptr; }

alarms::Notice NotifyPart::noticeOf(const model::AlarmView& alarm, bool raised) const {
    return {.raised = raised,
            .alarm = alarm.id,
            .severity = alarm.severity,
            .text = alarm.text,
            .remedy = alarm.remedy,
            .wallClockMs = raised && alarm.sinceWallClockMs != 0 ? alarm.sinceWallClockMs : m_clock.wallClockMs(),
            .cluster = m_cluster,
            .node = m_node};
}

void NotifyPart::tell() {
    const Instant now = m_clock.now();
    const std::vector<alarms::Notice> notices = m_damper.due(now);
    for (const alarms::Notice& notice : notices)
        for (const auto& courier : m_couriers)
            courier->put(notice);
    if (!notices.empty()) keepTold();
    if (const auto next = m_damper.next()) m_due.start(std::max(*next - now, Duration(0)));
}

void NotifyPart::recall() {
    QFile file(QString::fromStdString(m_toldFile));
    if (!file.open(QIODevice::ReadOnly) || file.size() > maxToldBytes) return;
    std::vector<alarms::Notice> told;
    while (!file.atEnd()) {
        const Result<alarms::Notice> notice = alarms::noticeFromJson(file.readLine(alarms::maxNoticeBytes));
        if (notice) told.push_back(notice.value());
    }
    m_damper.recall(m_clock.now(), told);
}

void NotifyPart::keepTold() {
    QSaveFile file(QString::fromStdString(m_toldFile));
    file.setDirectWriteFallback(true);
    if (!file.open(QIODevice::WriteOnly)) return; // then an end may not be told after a restart
    for (const alarms::Notice& notice : m_damper.told())
        file.write(alarms::toJson(notice));
    file.commit();
}

std::vector<ports::ChannelState> NotifyPart::channels() const {
    std::vector<ports::ChannelState> states;
    for (const auto& courier : m_couriers)
        states.push_back(courier->state());
    return states;
}

bool NotifyPart::test(const std::string& who, std::function<void(const std::vector<ports::ChannelTrial>&)> tried) {
    if (m_trial) return false;
    if (m_couriers.empty()) {
        tried({});
        return true;
    }
    m_trial = std::make_shared<Trial>();
    m_trial->tried = std::move(tried);
    const alarms::Notice notice{.raised = true,
                                .alarm = "test",
                                .severity = model::Severity::Information,
                                .text = "this is a test of the channel, ordered by " + who + "; nothing is wrong",
                                .remedy = "",
                                .wallClockMs = m_clock.wallClockMs(),
                                .cluster = m_cluster,
                                .node = m_node};
    for (const auto& courier : m_couriers)
        courier->tryOut(notice, [this](const ports::ChannelTrial& answer) {
            m_trial->answers.push_back(answer);
            if (m_trial->answers.size() < m_couriers.size()) return;
            const std::shared_ptr<Trial> all = std::move(m_trial);
            m_trial.reset();
            std::sort(all->answers.begin(), all->answers.end(),
                      [](const auto& a, const auto& b) { return a.name < b.name; });
            all->tried(all->answers);
        });
    return true;
}

} // namespace dyad::daemon
