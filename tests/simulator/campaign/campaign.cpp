// SPDX-License-Identifier: Apache-2.0
#include "campaign/campaign.h"

#include "campaign/child.h"
#include "campaign/failure_record.h"
#include "campaign/progress.h"
#include "campaign/worker.h"

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <poll.h>
#include <string>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

namespace dyad::simulator {

namespace {

using WallClock = std::chrono::steady_clock;

constexpr int pollMs = 50;

struct Worker {
    pid_t pid = -1;
    int words = -1;    // its standard error
    int failures = -1; // its pipe
    bool hung = false;
    std::string kept;
    FailureReader reader;
    WorkerSlot* slot = nullptr;
};

// Shared with the children; theirs and ours are the same bytes.
struct Shared {
    CommonSlot common;
    WorkerSlot slots[1]; // as many as there are jobs
};

class Campaign {
public:
    Campaign(const Lives& lives, const CampaignSetup& setup) : m_lives(lives), m_setup(setup), m_workers(setup.jobs) {}
    Campaign(const Campaign&) = delete;
    Campaign& operator=(const Campaign&) = delete;
    ~Campaign() {
        for (Worker& worker : m_workers)
            if (worker.pid > 0) {
                kill(worker.pid, SIGKILL);
                reap(worker);
            }
        if (m_shared) munmap(m_shared, m_sharedBytes);
    }

    Result<CampaignResult> run() {
        m_result.jobs = m_setup.jobs;
        if (const Result<void> shared = share(); !shared) return shared.error();
        for (Worker& worker : m_workers)
            if (const Result<void> started = start(worker, 0, 0); !started) return started.error();
        while (std::any_of(m_workers.begin(), m_workers.end(), [](const Worker& each) { return each.pid > 0; })) {
            wait();
            for (Worker& worker : m_workers) {
                if (worker.pid <= 0) continue;
                if (const Result<void> looked = lookAfter(worker); !looked) return looked.error();
            }
            stopWhenDue();
            tellProgress(false);
        }
        tellProgress(true);
        for (const Worker& worker : m_workers)
            m_result.tally += worker.slot->tally;
        m_result.seconds = seconds();
        std::sort(m_result.failures.begin(), m_result.failures.end(),
                  [](const Failure& a, const Failure& b) { return a.seed < b.seed; });
        return std::move(m_result);
    }

private:
    [[nodiscard]] std::uint64_t count() const {
        return m_setup.seeds.value_or(UINT64_MAX - seedsPerChunk * maxWorkers);
    }
    static constexpr std::uint64_t maxWorkers = 4096; // each looks for its next chunk once after the last
    [[nodiscard]] double seconds() const { return std::chrono::duration<double>(WallClock::now() - m_begin).count(); }

    Result<void> share() {
        m_sharedBytes = sizeof(Shared) + sizeof(WorkerSlot) * m_setup.jobs;
        void* memory = mmap(nullptr, m_sharedBytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED) return Error{"share memory with the workers", "", std::strerror(errno), ""};
        m_shared = new (memory) Shared;
        for (unsigned i = 1; i < m_setup.jobs; ++i)
            new (m_shared->slots + i) WorkerSlot;
        for (unsigned i = 0; i < m_setup.jobs; ++i)
            m_workers[i].slot = m_shared->slots + i;
        return {};
    }

    Result<void> start(Worker& worker, std::uint64_t from, std::uint64_t until) {
        int ends[2];
        if (pipe2(ends, O_CLOEXEC) != 0) return Error{"make a pipe for a worker", "", std::strerror(errno), ""};
        fcntl(ends[0], F_SETFL, O_NONBLOCK);
        worker.kept.clear();
        worker.hung = false;
        worker.reader = FailureReader();
        worker.slot->since = 0;
        worker.pid = startChild(
            [&] { return work(m_lives, m_setup.first, count(), from, until, m_shared->common, *worker.slot, ends[1]); },
            &worker.words);
        const int reason = errno;
        close(ends[1]);
        worker.failures = ends[0];
        if (worker.pid > 0) return {};
        close(ends[0]);
        return Error{"start a worker", "", std::strerror(reason), ""};
    }

    void wait() const {
        std::vector<pollfd> waiting;
        for (const Worker& worker : m_workers)
            if (worker.pid > 0) {
                waiting.push_back({worker.words, POLLIN, 0});
                waiting.push_back({worker.failures, POLLIN, 0});
            }
        poll(waiting.data(), waiting.size(), pollMs);
    }

    void note(Failure failure) {
        if (m_setup.onFailure) m_setup.onFailure(failure);
        m_result.failures.push_back(std::move(failure));
    }

    Result<void> lookAfter(Worker& worker) {
        worker.reader.read(worker.failures, [this](Failure&& failure) { note(std::move(failure)); });
        const std::int64_t since = worker.slot->since;
        if (since != 0 && !worker.hung &&
            WallClock::now().time_since_epoch().count() - since > m_setup.wallDeadline.count()) {
            worker.hung = true;
            kill(worker.pid, SIGKILL);
        }
        if (readWords(worker.words, worker.kept)) return {};
        // Its standard error has ended: so has the worker, or is about to.
        const int status = reap(worker);
        if (status == 0) return {};
        const std::uint64_t at = worker.slot->seed;
        note(crashOf(m_setup.first + at, status, worker.hung, worker.kept));
        if (m_shared->common.stop) return {};
        return start(worker, at + 1, worker.slot->chunkEnd);
    }

    int reap(Worker& worker) {
        int status = 0;
        waitpid(worker.pid, &status, 0);
        worker.pid = -1;
        worker.reader.read(worker.failures, [this](Failure&& failure) { note(std::move(failure)); });
        close(worker.words);
        close(worker.failures);
        return status;
    }

    void stopWhenDue() {
        if (m_setup.seconds && seconds() >= static_cast<double>(*m_setup.seconds)) m_shared->common.stop = true;
        if (m_result.failures.size() < m_setup.maxFailures) return;
        m_result.gaveUp = true;
        m_shared->common.stop = true;
    }

    void tellProgress(bool last) {
        Progress::State state;
        for (const Worker& worker : m_workers) {
            state.lives += worker.slot->lives;
            state.takeovers += worker.slot->takeovers;
            state.virtualTime += Duration(worker.slot->virtualTime);
        }
        state.failures = m_result.failures.size();
        state.of = m_setup.seeds;
        m_progress.tell(state, seconds(), last);
    }

    const Lives& m_lives;
    const CampaignSetup& m_setup;
    std::vector<Worker> m_workers;
    Shared* m_shared = nullptr;
    std::size_t m_sharedBytes = 0;
    const WallClock::time_point m_begin = WallClock::now();
    CampaignResult m_result;
    Progress m_progress{m_setup.progress};
};

} // namespace

Ending CampaignResult::worst() const {
    Ending worst = Ending::Clean;
    for (const Failure& failure : failures)
        worst = std::max(worst, failure.ending);
    return worst;
}

Result<CampaignResult> runCampaign(const Lives& lives, const CampaignSetup& setup) {
    return Campaign(lives, setup).run();
}

} // namespace dyad::simulator
