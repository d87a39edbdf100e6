// SPDX-License-Identifier: Apache-2.0
// K of N, what an overloaded host says, history and jitter; and probes beside an agent of any type.
#include "agents/factory.h"
#include "agents/health_monitor.h"

#include <QFile>
#include <QTemporaryDir>
#include <QTest>
#include <algorithm>
#include <deque>
#include <unistd.h>

using namespace dyad;
using namespace dyad::agents;
using Verdict = ProbeResult::Verdict;
using Outcome = model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

constexpr int guardMs = 60000;

// Answers as it was told, one after the other; then it is well. The last one that is asked for keeps waiting.
class FakeProbe final : public ProbeRunner {
public:
    explicit FakeProbe(std::deque<Verdict> verdicts)
        : m_verdicts(std::move(verdicts)), m_soon([this] {
              const Done done = std::exchange(m_done, nullptr);
              const Verdict verdict = m_verdicts.empty() ? Verdict::Well : m_verdicts.front();
              if (!m_verdicts.empty()) m_verdicts.pop_front();
              done({verdict, "fake"});
          }) {}
    void run(Duration timeout, Done done) override {
        m_done = std::move(done);
        // A failure is one that used its time up.
        const bool late = slowFailures && !m_verdicts.empty() && m_verdicts.front() == Verdict::Failed;
        m_soon.start(late ? timeout + 1ms : Duration(0));
    }
    bool slowFailures = false;

private:
    std::deque<Verdict> m_verdicts;
    Done m_done;
    Timer m_soon;
};

struct Heard {
    std::vector<std::string> unhealthy;
    std::vector<std::string> couldNotRun;
    std::vector<std::string> failures;
    int well = 0;

    void listenTo(HealthMonitor& monitor) {
        monitor.onUnhealthy = [this](const std::string& detail) { unhealthy.push_back(detail); };
        monitor.onCouldNotRun = [this](const std::string& detail) { couldNotRun.push_back(detail); };
        monitor.onFailure = [this](const std::string& detail) { failures.push_back(detail); };
        monitor.onWell = [this] { ++well; };
    }
};

constexpr auto W = Verdict::Well;
constexpr auto F = Verdict::Failed;
constexpr auto N = Verdict::CouldNotRun;

std::uint64_t answers(const HealthMonitor& monitor) {
    const model::CheckCounts counts = monitor.view().counts;
    return counts.well + counts.failed + counts.couldNotRun;
}

// An agent that does what it is asked at once.
class FakeAgent final : public ports::Agent {
public:
    explicit FakeAgent(bool& runs) : m_runs(runs) {}
    void start(bool, ports::AgentDone done) override {
        m_runs = true;
        done({Outcome::Running, "started"});
    }
    void stop(ports::AgentDone done) override {
        m_runs = false;
        done({Outcome::Stopped, "stopped"});
    }
    void kill(ports::AgentDone done) override { stop(std::move(done)); }
    void probe(ports::AgentDone done) override { done({m_runs ? Outcome::Running : Outcome::Stopped, "looked"}); }
    [[nodiscard]] model::ResourceChecks checks() const override {
        model::ResourceChecks own;
        own.probes.emplace_back();
        own.probes[0].name = "health";
        return own;
    }
    void die() { onNotice({Kind::Died, "died"}); }

private:
    bool& m_runs;
};

} // namespace

class HealthMonitorTest : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void limits_data() {
        QTest::addColumn<QString>("answers");
        QTest::addColumn<unsigned>("failures");
        QTest::addColumn<unsigned>("of");
        QTest::addColumn<int>("unhealthy");
        const auto row = [](const char* name, const char* answers, unsigned failures, unsigned of, int unhealthy) {
            QTest::newRow(name) << QString(answers) << failures << of << unhealthy;
        };
        row("in a row", "FFF", 3, 0, 1);
        row("not in a row", "FFWFFWFF", 3, 0, 0);
        row("what could not run neither counts nor clears", "FNFNNF", 3, 0, 1);
        row("told once", "FFFFFF", 3, 0, 1);
        row("and again after it was well", "FFFWFFF", 3, 0, 2);
        row("three of five", "FWFWF", 3, 5, 1);
        row("the window forgets", "FWWWWFWWWWF", 3, 5, 0);
        row("what could not run takes no place in the window", "FNNNNNFNNNNF", 3, 3, 1);
        row("the first", "F", 1, 0, 1);
    }
    void limits() {
        QFETCH(QString, answers);
        QFETCH(unsigned, failures);
        QFETCH(unsigned, of);
        QFETCH(int, unhealthy);
        std::deque<Verdict> verdicts;
        for (const QChar each : answers)
            verdicts.push_back(each == 'F' ? F : each == 'N' ? N : W);
        HealthMonitor monitor(std::make_unique<FakeProbe>(verdicts), HealthPace{1ms, 30s, failures, of});
        Heard heard;
        heard.listenTo(monitor);
        monitor.start();
        QTRY_VERIFY_WITH_TIMEOUT(::answers(monitor) >= static_cast<std::uint64_t>(answers.size()), guardMs);
        QCOMPARE(static_cast<int>(heard.unhealthy.size()), unhealthy);
    }

    void historyAndJitterAreKept() {
        HealthMonitor monitor(std::make_unique<FakeProbe>(std::deque<Verdict>{W, F, N}), HealthPace{1ms, 30s, 3, 5});
        Heard heard;
        heard.listenTo(monitor);
        monitor.start();
        QTRY_VERIFY_WITH_TIMEOUT(answers(monitor) >= 40, guardMs);
        monitor.stop();
        const model::ProbeView view = monitor.view();
        QCOMPARE(view.counts.failed, std::uint64_t{1});
        QCOMPARE(view.counts.couldNotRun, std::uint64_t{1});
        QCOMPARE(view.last.size(), model::maxCheckHistory);
        QVERIFY(view.mean > Duration(0) && view.total >= view.mean);
        QVERIFY(!view.asked && view.failing == 0 && view.limit == 3 && view.of == 5);
        QCOMPARE(heard.failures, std::vector<std::string>{"fake"});
        QCOMPARE(heard.couldNotRun, std::vector<std::string>{"fake"});
        QCOMPARE(heard.well, 1);
    }

    void jitterBySmoothing() {
        CheckRecord record;
        record.note({W, ""}, 80ms, 1);
        QVERIFY(record.view().mean == 80ms && record.view().deviation == 40ms);
        record.note({W, ""}, 160ms, 2);
        QVERIFY(record.view().mean == 90ms && record.view().deviation == 50ms);
        record.note({F, ""}, 3s, 3); // tells of our patience
        QVERIFY(record.view().mean == 90ms && record.view().total == 240ms);
    }

    // The loop stands still while the answer is waited for: that says nothing of what was asked.
    void aTimeoutOfAnOverloadedHostIsNotCountedButNotForEver() {
        auto probe = std::make_unique<FakeProbe>(std::deque<Verdict>(20, F));
        probe->slowFailures = true;
        HealthMonitor monitor(std::move(probe), HealthPace{1ms, 40ms, 2, 0}, "/nowhere");
        Heard heard;
        heard.listenTo(monitor);
        monitor.onUnhealthy = [&](const std::string& detail) {
            heard.unhealthy.push_back(detail);
            monitor.stop();
        };
        Timer* again = nullptr;
        Timer stall([&again] {
            ::usleep(60'000);
            again->start(1ms);
        });
        again = &stall;
        stall.start(1ms);
        monitor.start();
        QTRY_VERIFY_WITH_TIMEOUT(!heard.unhealthy.empty(), guardMs);
        const model::ProbeView view = monitor.view();
        QCOMPARE(view.counts.couldNotRun, std::uint64_t{2}); // as many as failures are needed
        QCOMPARE(view.counts.failed, std::uint64_t{2});
        QVERIFY2(heard.couldNotRun.at(0).find("not counted: this host itself was") != std::string::npos,
                 heard.couldNotRun.at(0).c_str());
    }

    void anAnswerInTimeCountsUnderAnyLoad() {
        HealthMonitor monitor(std::make_unique<FakeProbe>(std::deque<Verdict>{F, F}), HealthPace{1ms, 30s, 2, 0});
        Heard heard;
        heard.listenTo(monitor);
        monitor.start();
        QTRY_COMPARE_WITH_TIMEOUT(heard.unhealthy.size(), std::size_t{1}, guardMs);
        QCOMPARE(monitor.view().counts.couldNotRun, std::uint64_t{0});
    }

    void pressureOfTheProcessors() {
        const QTemporaryDir folder;
        const QString path = folder.filePath("cpu");
        const auto write = [&](std::uint64_t total) {
            QFile file(path);
            QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate));
            file.write("some avg10=11.73 avg60=9.84 avg300=22.01 total=" + QByteArray::number(quint64{total}) +
                       "\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n");
        };
        HostLoad load(path.toStdString());
        write(1000);
        load.begin(1h);
        QVERIFY(load.end().empty());
        load.begin(1h);
        write(1000 + 3'600'000'000ULL);
        QCOMPARE(load.end(), std::string("this host had no processor to spare for 100 % of that time"));
        load.begin(1h);
        write(5); // of another boot, or rubbish
        QVERIFY(load.end().empty());
        QFile::remove(path);
        load.begin(1h);
        QVERIFY(load.end().empty());
    }

    // --- beside an agent of any type

    void probesLastAsLongAsTheResource() {
        bool runs = false;
        auto fake = std::make_unique<FakeAgent>(runs);
        FakeAgent* inner = fake.get();
        const std::vector<model::HealthCheck> checks{
            {model::ScriptProbe{{"/bin/false"}}, 10ms, 10s, 2, 0, "bad"},
            {model::ScriptProbe{{"/bin/true"}}, 10ms, 10s, 1, 0, "good"},
        };
        const auto agent = withProbes(std::move(fake), checks, "erp/it");
        std::vector<ports::AgentNotice> notices;
        agent->onNotice = [&](const ports::AgentNotice& notice) { notices.push_back(notice); };
        const auto asked = [&] { return agent->checks().probes.at(1).asked; };
        const auto unhealthy = [&] {
            return std::count_if(notices.begin(), notices.end(),
                                 [](const ports::AgentNotice& each) { return each.kind == Kind::Unhealthy; });
        };
        QCOMPARE(agent->checks().probes.at(0).name, std::string("health"));
        QCOMPARE(agent->checks().probes.at(1).what, std::string("script /bin/false"));
        QVERIFY(!asked());

        Outcome outcome = Outcome::Failed;
        agent->probe([&](const ports::AgentResult& result) { outcome = result.outcome; });
        QVERIFY(outcome == Outcome::Stopped && !asked());
        agent->start(false, [&](const ports::AgentResult& result) { outcome = result.outcome; });
        QVERIFY(outcome == Outcome::Running && asked());
        QTRY_VERIFY_WITH_TIMEOUT(unhealthy() == 1, guardMs);
        const auto told = std::find_if(notices.begin(), notices.end(),
                                       [](const ports::AgentNotice& each) { return each.kind == Kind::Unhealthy; });
        QVERIFY2(told->detail.starts_with("probe bad: 2 failed checks in a row"), told->detail.c_str());
        agent->stop([](const ports::AgentResult&) {});
        QVERIFY(!asked() && !runs);

        runs = true; // left by an earlier life of the service
        agent->probe([](const ports::AgentResult&) {});
        QVERIFY(asked());
        inner->die();
        QVERIFY(!asked());
        QCOMPARE(notices.back().kind, Kind::Died);
        agent->start(false, [](const ports::AgentResult&) {});
        QVERIFY(asked());
        agent->kill([](const ports::AgentResult&) {});
        QVERIFY(!asked());
        QCOMPARE(agent->checks().probes.at(2).counts.failed, std::uint64_t{0});
    }

    void anAgentWithoutProbesStaysWhatItIs() {
        bool runs = false;
        auto fake = std::make_unique<FakeAgent>(runs);
        const FakeAgent* inner = fake.get();
        QVERIFY(withProbes(std::move(fake), {}, "erp/it").get() == inner);
    }

    void wordsHaveNoSecrets() {
        QCOMPARE(describe(model::SqlProbe{"host=/run password=secret", "select 1"}), std::string("sql"));
        QCOMPARE(describe(model::HttpProbe{"http://10.77.0.5:8080/health?token=secret", {}, "", true}),
                 std::string("http http://10.77.0.5:8080/health"));
        QCOMPARE(describe(model::DiskProbe{"/srv/erp", true, 1s}), std::string("disk write /srv/erp"));
        QCOMPARE(describe(model::DnsProbe{"10.77.0.53", 53, "erp.example.com", true, std::uint8_t{0}, ""}),
                 std::string("dns erp.example.com AAAA at 10.77.0.53 port 53"));
    }
};

QTEST_GUILESS_MAIN(HealthMonitorTest)
#include "health_monitor_test.moc"
