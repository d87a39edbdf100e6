// SPDX-License-Identifier: Apache-2.0
#include "daemon/heart_adapter.h"

#include "heart/launcher.h"

#include <algorithm>
#include <csignal>
#include <utility>

#include <unistd.h>

namespace dyad::daemon {

namespace {

ports::HeartReport toPort(heart::Report report) {
    return {std::move(report.links), std::move(report.peer), report.beatAt,
            report.worstLateness,    report.rejectedTotal,   std::move(report.rejectedWhy)};
}

void signalHeart(const heart::ProcessIdentity& identity, int signal) {
    const Result<int> process = heart::watchProcess(identity);
    if (!process) return; // it has ended meanwhile
    heart::signalProcess(process.value(), signal);
    ::close(process.value());
}

} // namespace

HeartAdapter::HeartAdapter(HeartAdapterSetup setup, QObject* parent) : QObject(parent), m_setup(std::move(setup)) {
    m_timer.setSingleShot(true);
    m_timer.setTimerType(Qt::PreciseTimer);
    connect(&m_timer, &QTimer::timeout, this, &HeartAdapter::step);
}

HeartAdapter::~HeartAdapter() { letGo(); }

void HeartAdapter::start() { arrange(); }

void HeartAdapter::changeSettings(heart::Settings settings) {
    m_setup.settings = std::move(settings);
    letGo();
    arrange();
}

void HeartAdapter::arrange() {
    m_sinceAskedToEnd.invalidate();
    if (const Result<void> saved = heart::saveSettings(heart::settingsPath(m_setup.runDirectory), m_setup.settings);
        !saved)
        tell(saved.error().text());
    if (tryJoin()) return;
    if (const auto living = heart::findHeart(m_setup.runDirectory))
        replace(*living);
    else
        launch();
}

void HeartAdapter::replace(const heart::LivingHeart& living) {
    const bool ours =
        living.boot == m_setup.settings.boot && living.settingsDigest == heart::digestOf(m_setup.settings);
    if (ours) {
        // The right one, but it doesn't let us in yet: the service before us is still ending.
        m_sinceLaunch.start();
    } else {
        signalHeart(living.process, SIGTERM);
        m_sinceAskedToEnd.start();
    }
    m_timer.start(joinIntervalMs);
}

void HeartAdapter::launch() {
    m_launchPutOff = false;
    m_sinceLaunch.start();
    const Result<void> started = heart::startHeart(m_setup.program, m_setup.runDirectory);
    if (!started) tell(started.error().text());
    m_timer.start(started ? joinIntervalMs : restartIntervalMs);
}

bool HeartAdapter::tryJoin() {
    auto client = std::make_unique<heart::Client>(m_setup.runDirectory, m_setup.settings);
    if (!client->connect()) return false;
    m_timer.stop();
    m_fruitless = 0;
    m_client = std::move(client);
    m_wakeNotifier = std::make_unique<QSocketNotifier>(m_client->wakeDescriptor(), QSocketNotifier::Read);
    connect(m_wakeNotifier.get(), &QSocketNotifier::activated, this, &HeartAdapter::wake);
    m_endNotifier = std::make_unique<QSocketNotifier>(m_client->processDescriptor(), QSocketNotifier::Read);
    connect(m_endNotifier.get(), &QSocketNotifier::activated, this, [this] {
        m_timer.stop();
        lost("dyad-heart has ended");
    });
    // Only what was said before this service spoke for the first time is "previous".
    if (m_status)
        m_client->publish(*m_status);
    else
        m_previous = m_client->previousStatus();
    m_told.clear();
    QMetaObject::invokeMethod(this, &HeartAdapter::wake,
                              Qt::QueuedConnection); // the first picture, not from within the call
    return true;
}

// Not joined: what is the next thing to do?
void HeartAdapter::step() {
    if (m_client) return lost("dyad-heart has let go of the service");
    if (tryJoin()) return;
    const auto living = heart::findHeart(m_setup.runDirectory);
    if (m_sinceAskedToEnd.isValid()) {
        if (!living) {
            m_sinceAskedToEnd.invalidate();
            return launch();
        }
        if (m_sinceAskedToEnd.hasExpired(endPatienceMs)) {
            signalHeart(living->process, SIGKILL);
            m_sinceAskedToEnd.start();
        }
    } else if (!living && m_sinceLaunch.hasExpired(restartIntervalMs << std::min(m_fruitless, mostDoublings))) {
        if (!m_launchPutOff && ++m_fruitless > mostDoublings)
            tell("dyad-heart does not start; see " + heart::logPath(m_setup.runDirectory));
        return launch();
    } else if (living && m_sinceLaunch.hasExpired(joinPatienceMs)) {
        tell("dyad-heart (process " + std::to_string(living->process.process) + ") does not let the service in");
        return replace(*living);
    }
    m_timer.start(m_sinceLaunch.isValid() && m_sinceLaunch.hasExpired(joinPatienceMs) ? restartIntervalMs
                                                                                      : joinIntervalMs);
}

void HeartAdapter::wake() {
    if (!m_client) return;
    if (m_client->drain() == heart::Client::Drained::Closed) {
        // Most likely it is dying: its end is told in a moment, and then it is started again at once. If not, see
        // step().
        m_wakeNotifier->setEnabled(false);
        m_timer.start(restartIntervalMs);
        return;
    }
    if (auto fresh = m_client->report()) m_last = toPort(std::move(*fresh));
    if (onChange) onChange(m_last);
}

void HeartAdapter::lost(const std::string& why) {
    const auto process = m_client ? m_client->process() : heart::ProcessIdentity{};
    letGo();
    tell(process.process > 0 ? why + " (process " + std::to_string(process.process) + ")" : why);
    // It may live and serve another service; then joining is tried until that one is gone.
    if (heart::isLiving(process)) {
        m_sinceLaunch.start();
        m_timer.start(restartIntervalMs);
    } else if (!m_sinceLaunch.isValid() || m_sinceLaunch.hasExpired(restartIntervalMs)) {
        launch();
    } else {
        m_launchPutOff = true;
        m_timer.start(restartIntervalMs);
    }
}

// May be called from a notifier's own signal: they are switched off now and deleted later.
void HeartAdapter::letGo() {
    for (auto* notifier : {&m_wakeNotifier, &m_endNotifier}) {
        if (!*notifier) continue;
        (*notifier)->setEnabled(false);
        notifier->release()->deleteLater();
    }
    m_client.reset();
}

void HeartAdapter::tell(const std::string& why) {
    if (why == m_told) return;
    m_told = why;
    if (onDied) onDied(why);
}

void HeartAdapter::publish(const model::NodeStatus& status) {
    m_status = status;
    if (m_client) m_client->publish(status);
}

ports::HeartReport HeartAdapter::report() const {
    if (m_client)
        if (auto fresh = m_client->report()) m_last = toPort(std::move(*fresh));
    return m_last;
}

} // namespace dyad::daemon
