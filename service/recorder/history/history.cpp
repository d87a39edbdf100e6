// SPDX-License-Identifier: Apache-2.0
#include "recorder/history/history.h"

#include <QMetaObject>
#include <QPointer>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <mutex>
#include <thread>

namespace dyad::recorder {

namespace {

constexpr std::size_t maxBatch = 256;       // entries in one transaction
constexpr std::size_t pruneAfter = 2000;    // entries written since the last time
constexpr Duration tryAgain = 10s;          // a file that could not be opened or written
constexpr std::int64_t wallAgrees = 2000;   // ms: the same boot by both clocks
constexpr std::size_t durationsKnown = 500; // in memory, for predictions

} // namespace

// What the thread and the event loop share. Jobs run in their order; a job without a database gets null.
struct History::Shared {
    std::mutex mutex;
    std::condition_variable wake;
    std::condition_variable idle;
    std::deque<std::function<void(Database*, const std::string& trouble)>> jobs;
    std::deque<std::pair<Database::Batch, bool>> batches; // written before the next job; bool: see History::put
    std::size_t queuedWrites = 0;
    bool working = false;
    bool closing = false;
    bool ended = false;
    QPointer<QObject> owner; // used under `mutex` only
    std::function<void(const std::string&)> tellTrouble;
    std::function<void(const std::string&)> tellSetAside;

    std::filesystem::path file;
    HistoryBounds bounds;
    std::uint64_t journalLast = 0;
    const ports::Clock* clock = nullptr;
    std::int64_t wallNowMs = 0; // when something was last queued; the thread has no clock of its own

    // The thread's own.
    std::unique_ptr<Database> database;
    std::string trouble;
    std::chrono::steady_clock::time_point notBefore{};
    std::size_t sincePrune = pruneAfter; // prunes once at the beginning

    void toOwner(std::function<void()> what) {
        const std::lock_guard lock(mutex);
        if (owner) QMetaObject::invokeMethod(owner.data(), std::move(what), Qt::QueuedConnection);
    }
    void troubleIs(const std::string& words) {
        if (words == trouble) return;
        trouble = words;
        if (tellTrouble) toOwner([tell = tellTrouble, words] { tell(words); });
    }
    bool ready() {
        if (database) return true;
        if (std::chrono::steady_clock::now() < notBefore) return false;
        auto opened = Database::open(file, bounds, journalLast);
        if (!opened) {
            notBefore = std::chrono::steady_clock::now() + tryAgain;
            troubleIs(opened.error().text());
            return false;
        }
        database = std::move(opened).value();
        if (!database->setAside().empty() && tellSetAside)
            toOwner([tell = tellSetAside, words = database->setAside()] { tell(words); });
        troubleIs("");
        return true;
    }
    // `again`: read once more from the journal; of its incidents only those count that are known or new.
    void write(Database::Batch batch, bool again, std::int64_t now) {
        if (!ready()) return;
        if (again)
            std::erase_if(batch.incidents, [&](const model::Incident& incident) {
                if (incident.id > database->lastSequence()) return false;
                const Result<bool> known = database->knowsIncident(incident.id);
                return !known || !known.value();
            });
        Result<void> written = database->write(batch);
        sincePrune += batch.entries.size();
        if (written && sincePrune >= pruneAfter) {
            sincePrune = 0;
            written = database->prune(now);
        }
        if (written) return troubleIs("");
        troubleIs(written.error().text());
        database.reset(); // looked at anew, and set aside if it is broken
        notBefore = std::chrono::steady_clock::now() + tryAgain;
    }
    void run();
};

void History::Shared::run() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, nullptr); // they are the event loop's
    std::unique_lock lock(mutex);
    for (;;) {
        wake.wait(lock, [this] { return closing || !jobs.empty() || !batches.empty(); });
        if (jobs.empty() && batches.empty()) break;
        working = true;
        std::deque<std::pair<Database::Batch, bool>> writing;
        std::swap(writing, batches);
        queuedWrites = 0;
        std::function<void(Database*, const std::string&)> job;
        if (writing.empty()) {
            job = std::move(jobs.front());
            jobs.pop_front();
        }
        const std::int64_t now = wallNowMs;
        lock.unlock();
        for (auto& [batch, again] : writing)
            write(std::move(batch), again, now);
        if (job) {
            const bool there = ready();
            job(there ? database.get() : nullptr, trouble);
        }
        lock.lock();
        working = false;
        if (jobs.empty() && batches.empty()) idle.notify_all();
    }
    lock.unlock();
    database.reset();
    lock.lock();
    ended = true;
    idle.notify_all();
}

History::History(HistorySettings settings, const ports::Clock& clock)
    : m_settings(std::move(settings)), m_clock(clock), m_rules(m_settings.context),
      m_shared(std::make_shared<Shared>()) {
    m_shared->owner = this;
    m_shared->file = m_settings.file;
    m_shared->bounds = m_settings.bounds;
}

History::~History() {
    std::unique_lock lock(m_shared->mutex);
    m_shared->owner.clear();
    m_shared->closing = true;
    m_shared->wake.notify_all();
    if (m_shared->clock) m_shared->idle.wait_for(lock, closePatience, [this] { return m_shared->ended; });
}

void History::begin(const std::vector<model::JournalEntry>& tail, std::uint64_t journalLast) {
    m_shared->tellTrouble = [this](const std::string& trouble) {
        if (onTrouble) onTrouble(trouble);
    };
    m_shared->tellSetAside = [this](const std::string& words) {
        if (onSetAside) onSetAside(words);
    };
    m_shared->journalLast = journalLast;
    m_shared->clock = &m_clock;
    m_shared->wallNowMs = m_clock.wallClockMs();
    std::thread([shared = m_shared] { shared->run(); }).detach(); // a disk that hangs must not hold the service

    Database::Batch batch;
    std::map<std::uint64_t, model::Incident> incidents;
    for (const model::JournalEntry& entry : tail) {
        const std::string boot = bootOf(entry);
        batch.entries.push_back({entry, boot});
        for (model::Incident& incident : m_rules.take(entry)) {
            incident.boot = boot;
            incidents[incident.id] = std::move(incident);
        }
    }
    for (auto& [id, incident] : incidents)
        batch.incidents.push_back(std::move(incident));
    put(std::move(batch), true);
    refreshDurations();
}

// An entry of an earlier run of this boot agrees with both clocks.
std::string History::bootOf(const model::JournalEntry& entry) const {
    const Instant now = m_clock.now();
    if (entry.at > now) return {};
    const std::int64_t ago = std::chrono::duration_cast<std::chrono::milliseconds>(now - entry.at).count();
    const std::int64_t apart = m_clock.wallClockMs() - ago - entry.wallClockMs;
    return apart > -wallAgrees && apart < wallAgrees ? m_settings.boot : std::string();
}

void History::put(Database::Batch batch, bool known) {
    const std::lock_guard lock(m_shared->mutex);
    m_shared->wallNowMs = m_clock.wallClockMs();
    m_shared->queuedWrites += batch.entries.size() + batch.incidents.size() + batch.audit.size();
    if (m_shared->queuedWrites > m_settings.maxQueued && batch.audit.empty() && !known) return; // the journal has it
    if (!m_shared->batches.empty() && !m_shared->batches.back().second && !known &&
        m_shared->batches.back().first.entries.size() < maxBatch) {
        Database::Batch& last = m_shared->batches.back().first;
        for (auto& each : batch.entries)
            last.entries.push_back(std::move(each));
        for (auto& each : batch.incidents)
            last.incidents.push_back(std::move(each));
        for (auto& each : batch.audit)
            last.audit.push_back(std::move(each));
    } else {
        m_shared->batches.emplace_back(std::move(batch), known);
    }
    m_shared->wake.notify_all();
}

void History::entryWritten(const model::JournalEntry& entry) {
    Database::Batch batch;
    batch.entries.push_back({entry, m_settings.boot});
    batch.incidents = m_rules.take(entry);
    bool closed = false;
    for (model::Incident& incident : batch.incidents) {
        incident.boot = m_settings.boot;
        closed = closed || (incident.outcome == model::IncidentOutcome::Done && !incident.steps.empty());
    }
    put(std::move(batch), false);
    if (closed) refreshDurations();
}

void History::auditWritten(const model::AuditEntry& entry) {
    Database::Batch batch;
    batch.audit.push_back(entry);
    put(std::move(batch), false);
}

void History::refreshDurations() {
    durations("", [this](const Result<std::vector<model::StepDuration>>& known) {
        if (!known) return;
        m_durations = known.value();
        if (m_durations.size() > durationsKnown) m_durations.resize(durationsKnown);
    });
}

template <typename Value>
void History::ask(Result<Value> (*question)(const Database&, const std::vector<std::int64_t>&, const std::string&),
                  std::vector<std::int64_t> numbers, std::string word, Answered<Value> answered) {
    const Error busy{"read the history", m_settings.file.string(), "the disk doesn't keep up", "ask again later"};
    const std::lock_guard lock(m_shared->mutex);
    if (m_shared->jobs.size() >= m_settings.maxQueued) {
        QMetaObject::invokeMethod(
            this, [answered = std::move(answered), busy] { answered(busy); }, Qt::QueuedConnection);
        return;
    }
    m_shared->jobs.push_back([shared = m_shared.get(), question, numbers = std::move(numbers), word = std::move(word),
                              answered = std::move(answered)](Database* database, const std::string& trouble) {
        Result<Value> found = database ? question(*database, numbers, word)
                                       : Result<Value>(Error{"read the history", shared->file.string(),
                                                             trouble.empty() ? "it can't be read now" : trouble, ""});
        shared->toOwner([answered, found = std::move(found)] { answered(found); });
    });
    m_shared->wake.notify_all();
}

void History::incidents(std::size_t limit, std::uint64_t before, Answered<std::vector<model::Incident>> answered) {
    ask<std::vector<model::Incident>>(
        [](const Database& database, const std::vector<std::int64_t>& numbers, const std::string&) {
            return database.incidents(static_cast<std::size_t>(numbers[0]), static_cast<std::uint64_t>(numbers[1]));
        },
        {std::int64_t(std::min(limit, ports::maxIncidentsPerAnswer)), std::int64_t(before)}, "", std::move(answered));
}

void History::incident(std::uint64_t id, Answered<std::vector<model::Incident>> answered) {
    ask<std::vector<model::Incident>>(
        [](const Database& database, const std::vector<std::int64_t>& numbers, const std::string&) {
            return database.incident(static_cast<std::uint64_t>(numbers[0]));
        },
        {std::int64_t(id)}, "", std::move(answered));
}

void History::entries(std::int64_t fromWallMs, std::int64_t toWallMs, std::size_t limit,
                      Answered<std::vector<model::RememberedEntry>> answered) {
    ask<std::vector<model::RememberedEntry>>(
        [](const Database& database, const std::vector<std::int64_t>& numbers, const std::string&) {
            return database.entries(numbers[0], numbers[1], static_cast<std::size_t>(numbers[2]));
        },
        {fromWallMs, toWallMs, std::int64_t(std::min(limit, ports::maxEntriesPerAnswer))}, "", std::move(answered));
}

void History::durations(const std::string& group, Answered<std::vector<model::StepDuration>> answered) {
    ask<std::vector<model::StepDuration>>(
        [](const Database& database, const std::vector<std::int64_t>&, const std::string& of) {
            return database.durations(of, ports::maxDurationsPerAnswer);
        },
        {}, group, std::move(answered));
}

void History::audit(std::size_t limit, Answered<std::vector<model::AuditEntry>> answered) {
    ask<std::vector<model::AuditEntry>>(
        [](const Database& database, const std::vector<std::int64_t>& numbers, const std::string&) {
            return database.audit(static_cast<std::size_t>(numbers[0]));
        },
        {std::int64_t(std::min(limit, ports::maxAuditPerAnswer))}, "", std::move(answered));
}

bool History::drain(Duration patience) {
    std::unique_lock lock(m_shared->mutex);
    return m_shared->idle.wait_for(
        lock, patience, [this] { return m_shared->jobs.empty() && m_shared->batches.empty() && !m_shared->working; });
}

} // namespace dyad::recorder
