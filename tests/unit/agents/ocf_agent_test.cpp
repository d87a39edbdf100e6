// SPDX-License-Identifier: Apache-2.0
// OCF agents: what they say of themselves, how they are run, what their exit codes mean; and agents that misbehave.
// They are scripts of this test, written to a root of its own.
#include "agents/agent_trial.h"
#include "agents/command_agent.h"
#include "agents/ocf_metadata.h"

#include <QFile>
#include <QTemporaryDir>

#include <algorithm>

#include "agent_driver.h"
#include "platform/linux/process_sweep.h"

using namespace dyad;
using namespace dyad::agents;
using model::ResourceOutcome;
using Kind = model::ResourceNotice::Kind;

namespace {

constexpr const char* metadata = R"(<?xml version="1.0"?>
<!DOCTYPE resource-agent SYSTEM "ra-api-1.dtd">
<resource-agent name="lamp" version="1.2">
<version>1.1</version>
<longdesc lang="en">A lamp
   for tests.</longdesc>
<shortdesc lang="en">Lamp</shortdesc>
<parameters>
<parameter name="state" unique="1" required="1">
<longdesc lang="en">Where it burns.</longdesc><shortdesc lang="en">state</shortdesc><content type="string"/>
</parameter>
<parameter name="level" required="0"><shortdesc>How bright</shortdesc><content type="integer" default="5"/></parameter>
</parameters>
<actions>
<action name="start" timeout="20s"/><action name="stop" timeout="1500ms"/>
<action name="monitor" timeout="20" interval="10s" depth="10"/><action name="meta-data" timeout="5s"/>
</actions>
</resource-agent>
)";

// Burns while its file is there; `.code` beside it is what its monitor ends with.
constexpr const char* lamp = R"sh(#!/bin/sh
state=$OCF_RESKEY_state
case "$1" in
meta-data) echo "found a lamp" >&2; cat "$OCF_ROOT/metadata.xml" ;;
validate-all) [ -n "$state" ] || exit 6; case "$OCF_RESKEY_level" in *[!0-9]*) exit 2 ;; esac ;;
start) env > "$state.env"; touch "$state" ;;
stop) rm -f "$state" ;;
monitor) env > "$state.monitor"; [ -e "$state" ] || exit 7; [ ! -e "$state.code" ] || exit "$(cat "$state.code")" ;;
*) echo "what is $1?"; exit 3 ;;
esac
)sh";

} // namespace

class OcfAgentTest : public QObject {
    Q_OBJECT

    std::unique_ptr<QTemporaryDir> m_folder;

    std::string path(const char* name = "") const { return m_folder->filePath(name).toStdString(); }
    void put(const QString& name, const QByteArray& content, bool program = false) const {
        QFile file(m_folder->filePath(name));
        QVERIFY(file.open(QIODevice::WriteOnly | QIODevice::Truncate) && file.write(content) == content.size());
        if (program) file.setPermissions(file.permissions() | QFile::ExeOwner);
    }
    QByteArray read(const char* name) const {
        QFile file(m_folder->filePath(name));
        return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
    }
    void install(const QByteArray& script) const { put("resource.d/test/lamp", script, true); }
    OcfPlaces places() const { return {.root = path(), .temporary = path("tmp"), .noteFile = path("note")}; }
    model::OcfSettings settings() const {
        return {.provider = "test",
                .agent = "lamp",
                .parameters = {{"state", path("on")}},
                .interval = 10ms,
                .monitorTimeout = 10s};
    }
    CommandAgent make(const model::OcfSettings& settings) const {
        return CommandAgent(planOcf(settings, "erp", "lamp", 20s, 10s, places()));
    }
    static std::size_t left(const char* label) {
        platform::ProcessTraits traits;
        traits.environmentMark = std::string("DYAD_RESOURCE=") + label;
        const auto found = platform::findProcesses(traits);
        return found ? found.value().size() : 0;
    }

private Q_SLOTS:
    void init() {
        m_folder = std::make_unique<QTemporaryDir>();
        QVERIFY(QDir(m_folder->path()).mkpath("resource.d/test") && QDir(m_folder->path()).mkdir("tmp"));
        put("metadata.xml", metadata);
        install(lamp);
    }
    void cleanup() { // what was killed needs a moment to be gone
        QTRY_COMPARE_WITH_TIMEOUT(left("erp/lamp") + left(("trial " + std::to_string(::getpid())).c_str()),
                                  std::size_t{0}, guardMs);
    }

    void itSaysWhatItIs() {
        const auto read = readOcfMetadata("test", "lamp", path());
        QVERIFY2(read.ok(), read.ok() ? "" : read.error().text().c_str());
        const model::AgentMetadata expected{
            .name = "lamp",
            .version = "1.2",
            .summary = "Lamp",
            .description = "A lamp for tests.",
            .parameters = {{"state", "string", true, std::nullopt, "state", "Where it burns."},
                           {"level", "integer", false, "5", "How bright", ""}},
            .actions = {{"start", 20s, Duration(0), 0},
                        {"stop", 1500ms, Duration(0), 0},
                        {"monitor", 20s, 10s, 10},
                        {"meta-data", 5s, Duration(0), 0}}};
        QVERIFY(read.value() == expected);
        put("resource.d/test/.hidden", "", true);
        put("resource.d/test/README", "");
        QVERIFY(installedOcfAgents(path()) == (std::vector<OcfName>{{"test", "lamp"}}));
        QVERIFY(installedOcfAgents(path("nowhere")).empty());
    }

    void whatIsNoMetadataIsRefused_data() {
        QTest::addColumn<QByteArray>("xml");
        QTest::addColumn<QString>("says");
        QTest::newRow("rubbish") << QByteArray("hello") << "line 1: ";
        QTest::newRow("nothing") << QByteArray() << "line 1: ";
        QTest::newRow("another language") << QByteArray("<html></html>") << "it begins with <html>";
        QTest::newRow("cut") << QByteArray(metadata).left(300) << "line ";
        QTest::newRow("no name")
            << QByteArray("<resource-agent name='x'><parameters>\n<parameter/></parameters></resource-agent>")
            << "line 2: a parameter has no name";
        QTest::newRow("no end of parameters")
            << "<resource-agent name='x'><parameters>" + QByteArray("<parameter name='a'/>").repeated(600) +
                   "</parameters></resource-agent>"
            << "more than 512 parameters";
        QByteArray bomb = "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'>";
        for (char each = 'b'; each < 'm'; ++each)
            bomb += QByteArray("<!ENTITY ") + each + " '" +
                    (QByteArray("&") + static_cast<char>(each - 1) + ";").repeated(10) + "'>";
        QTest::newRow("deep") << "<resource-agent name='x'><shortdesc>" + QByteArray("<a>").repeated(100000)
                              << "more than 64 elements within each other";
        QTest::newRow("entities of entities")
            << bomb + "]><resource-agent name='x'><shortdesc>&l;</shortdesc></resource-agent>"
            << "line ";
    }
    void whatIsNoMetadataIsRefused() {
        QFETCH(QByteArray, xml);
        QFETCH(QString, says);
        const auto read = parseOcfMetadata({xml.constData(), static_cast<std::size_t>(xml.size())}, "ocf:test:lamp");
        QVERIFY(!read.ok());
        QVERIFY2(read.error().text().find("read the metadata of ocf:test:lamp") != std::string::npos,
                 read.error().text().c_str());
        QVERIFY2(read.error().text().find(says.toStdString()) != std::string::npos, read.error().text().c_str());
    }

    void anAgentThatDoesNotTellIsGivenUp_data() {
        QTest::addColumn<QByteArray>("script");
        QTest::addColumn<QString>("says");
        QTest::newRow("hangs") << QByteArray("#!/bin/sh\ntrap '' TERM\nsleep 600\n") << "it gave none in 3 s";
        QTest::newRow("floods") << QByteArray("#!/bin/sh\nexec cat /dev/zero\n") << "it printed more than 512 KiB";
        QTest::newRow("fails") << QByteArray("#!/bin/sh\nexit 5\n") << "exit code 5";
        QTest::newRow("is no program") << QByteArray("#!/nowhere/sh\n") << "No such file or directory";
    }
    void anAgentThatDoesNotTellIsGivenUp() {
        QFETCH(QByteArray, script);
        QFETCH(QString, says);
        install(script);
        const auto read = readOcfMetadata("test", "lamp", path());
        QVERIFY(!read.ok());
        QVERIFY2(read.error().text().find(says.toStdString()) != std::string::npos, read.error().text().c_str());
        const std::string label = "metadata " + std::to_string(::getpid());
        QTRY_COMPARE_WITH_TIMEOUT(left(label.c_str()), std::size_t{0}, guardMs); // what was killed needs a moment
    }

    void startMonitorStop() {
        CommandAgent agent = make(settings());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running);
        QVERIFY(QFile::remove(m_folder->filePath("on")));
        QVERIFY(driver.awaitNotice(Kind::Died));
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
    }

    void theEnvironmentIsWhatTheStandardSays() {
        model::OcfSettings with = settings();
        with.parameters["level"] = "7";
        with.checkLevel = 10;
        CommandAgent agent = make(with);
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const QByteArray start = read("on.env");
        for (const std::string& line :
             {"OCF_ROOT=" + path(), std::string("OCF_RA_VERSION_MAJOR=1"),
              std::string("OCF_RESOURCE_INSTANCE=erp.lamp"), std::string("OCF_RESOURCE_TYPE=lamp"),
              std::string("OCF_RESOURCE_PROVIDER=test"), "OCF_RESKEY_state=" + path("on"),
              std::string("OCF_RESKEY_level=7"), std::string("OCF_RESKEY_CRM_meta_timeout=20000"),
              "HA_RSCTMP=" + path("tmp")})
            QVERIFY2(start.contains(QByteArray::fromStdString(line + "\n")), line.c_str());
        QVERIFY(!start.contains("OCF_CHECK_LEVEL"));
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Running); // of a probe agents want less
        QVERIFY(QTest::qWaitFor([&] { return read("on.monitor").contains("OCF_CHECK_LEVEL=10\n"); }, guardMs));
        QVERIFY(read("on.monitor").contains("OCF_RESKEY_CRM_meta_interval=10\n"));
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        QVERIFY(read("on.monitor").contains("OCF_RESKEY_CRM_meta_interval=0\n"));
        QVERIFY(!read("on.monitor").contains("OCF_CHECK_LEVEL"));
    }

    void whatTheExitCodesMean_data() {
        QTest::addColumn<int>("code");
        QTest::addColumn<ResourceOutcome>("found");
        QTest::addColumn<Kind>("told"); // while it runs; Progress: could not be run
        QTest::addColumn<QString>("words");
        using Outcome = ResourceOutcome;
        QTest::newRow("1") << 1 << Outcome::Failed << Kind::Unhealthy << "exit code 1 (generic error)";
        QTest::newRow("2") << 2 << Outcome::CouldNotRun << Kind::Progress << "exit code 2 (invalid argument)";
        QTest::newRow("3") << 3 << Outcome::CouldNotRun << Kind::Progress << "exit code 3 (action not implemented)";
        QTest::newRow("4") << 4 << Outcome::CouldNotRun << Kind::Progress << "exit code 4 (insufficient privileges)";
        QTest::newRow("5") << 5 << Outcome::Stopped << Kind::Progress << "exit code 5 (not installed)";
        QTest::newRow("6") << 6 << Outcome::CouldNotRun << Kind::Progress << "exit code 6 (not configured)";
        QTest::newRow("7") << 7 << Outcome::Stopped << Kind::Died << "exit code 7 (not running)";
        QTest::newRow("9") << 9 << Outcome::Failed << Kind::Unhealthy << "exit code 9 (failed as promoted)";
        QTest::newRow("unknown") << 77 << Outcome::CouldNotRun << Kind::Progress << "exit code 77";
    }
    void whatTheExitCodesMean() {
        QFETCH(int, code);
        QFETCH(ResourceOutcome, found);
        QFETCH(Kind, told);
        QFETCH(QString, words);
        CommandAgent agent = make(settings());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        put("code", QByteArray::number(code));
        QVERIFY(QFile::rename(m_folder->filePath("code"), m_folder->filePath("on.code"))); // whole, or not there
        QVERIFY(driver.awaitNotice(told));
        QVERIFY2(driver.notices.back().detail.find(words.toStdString()) != std::string::npos,
                 driver.notices.back().detail.c_str());
        QCOMPARE(driver.notices.size(), std::size_t{1});
        const ports::AgentResult result = driver.probe();
        COMPARE_OUTCOME(result, found);
        COMPARE_OUTCOME(driver.stop(), ResourceOutcome::Stopped);
    }

    // `su -` and the like take the mark off what is started: only the monitor can tell then whether force was enough.
    void afterForceTheMonitorDecides() {
        QByteArray script(lamp);
        script.replace("touch \"$state\" ;;",
                       "touch \"$state\"; env -i setsid /bin/sleep 600 >/dev/null 2>&1 & echo $! > \"$state.pid\" ;;");
        script.replace("stop) rm -f \"$state\" ;;",
                       "stop) [ -e \"$state.obeys\" ] || exit 1; kill $(cat \"$state.pid\"); rm -f \"$state\" ;;");
        install(script);
        CommandAgent agent = make(settings());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        const ports::AgentResult stubborn = driver.kill();
        COMPARE_OUTCOME(stubborn, ResourceOutcome::Failed);
        QVERIFY2(stubborn.detail.starts_with("it is not gone: exit code 0"), stubborn.detail.c_str());
        put("on.obeys", "");
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
    }

    void anAgentThatHangsInItsLastMonitorIsNotCalledGone() {
        QByteArray script(lamp);
        script.replace("monitor) ", "monitor) [ ! -e \"$state.hang\" ] || sleep 600; ");
        script.replace("stop) rm -f \"$state\" ;;", "stop) exit 1 ;;");
        install(script);
        CommandAgent agent = make(settings());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        put("on.hang", "");
        const ports::AgentResult result = driver.kill();
        COMPARE_OUTCOME(result, ResourceOutcome::Failed);
        QVERIFY2(result.detail.find("whether it still runs is not known") != std::string::npos, result.detail.c_str());
    }

    // Without their mark the processes can't be killed by us: the agent is told how little time is left, and acts on
    // it.
    void aStopThatHungIsTriedOnceMoreInAHurry() {
        QByteArray script(lamp);
        script.replace("touch \"$state\" ;;",
                       "touch \"$state\"; env -i setsid /bin/sleep 600 >/dev/null 2>&1 & echo $! > \"$state.pid\" ;;");
        script.replace("stop) rm -f \"$state\" ;;", "stop) [ \"$OCF_RESKEY_CRM_meta_timeout\" = 3000 ] || sleep 600; "
                                                    "kill $(cat \"$state.pid\"); rm -f \"$state\" ;;");
        install(script);
        CommandAgent agent = make(settings());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        QTRY_VERIFY_WITH_TIMEOUT(!read("on.pid").isEmpty(), guardMs);
        std::optional<ports::AgentResult> hung;
        agent.stop(AgentDriver::into(hung));
        COMPARE_OUTCOME(driver.kill(), ResourceOutcome::Stopped);
        QVERIFY(!QFile::exists(m_folder->filePath("on")));
    }

    // Agents say "not running" to a probe where they can't even look.
    void theLastLookIsNoLenientOne() {
        QByteArray script(lamp);
        script.replace(
            "monitor) ",
            "monitor) [ ! -e \"$state.blind\" ] || { [ \"$OCF_RESKEY_CRM_meta_interval\" = 0 ] && exit 7; exit 5; }; ");
        install(script);
        CommandAgent agent = make(settings());
        AgentDriver driver(agent);
        COMPARE_OUTCOME(driver.start(), ResourceOutcome::Running);
        put("on.blind", "");
        COMPARE_OUTCOME(driver.probe(), ResourceOutcome::Stopped);
        const ports::AgentResult result = driver.kill();
        COMPARE_OUTCOME(result, ResourceOutcome::Failed);
        QVERIFY2(result.detail.starts_with("it is not gone: exit code 5 (not installed)"), result.detail.c_str());
    }

    // --- dyad agent test ---------------------------------------------------------------------------------------------

    void aGoodAgentPassesItsTrial() {
        std::vector<std::string> begun;
        const AgentTrial trial{.settings = settings(),
                               .metadata = readOcfMetadata("test", "lamp", path()).value(),
                               .places = places(),
                               .onStep = {},
                               .onBegin = [&](const std::string& name) { begun.push_back(name); }};
        std::vector<std::string> names;
        for (const TrialStep& step : tryAgent(trial)) {
            QVERIFY2(step.passed, (step.name + ": " + step.got + ", " + step.output).c_str());
            names.push_back(step.name);
        }
        QCOMPARE(names, trialSteps(trial));
        QCOMPARE(begun.size() + 1, names.size());
        QVERIFY(std::count(names.begin(), names.end(), "without state") == 1);
        QVERIFY(std::count(names.begin(), names.end(), "with level = \"rubbish\"") == 1);
        QVERIFY(!QFile::exists(m_folder->filePath("on")));
    }

    void aBadAgentIsFoundOut_data() {
        QTest::addColumn<QByteArray>("from");
        QTest::addColumn<QByteArray>("to");
        QTest::addColumn<QString>("failed"); // every step that does
        const auto row = [](const char* name, const char* from, const char* to, const char* failed) {
            QTest::newRow(name) << QByteArray(from) << QByteArray(to) << failed;
        };
        row("a second start fails", "start) ", "start) [ ! -e \"$state\" ] || exit 1; ", "start again");
        row("a stop of nothing fails", "stop) ", "stop) [ -e \"$state\" ] || exit 7; ",
            "stop of what doesn't run; stop again");
        row("it says 1 for not running", "|| exit 7; [", "|| exit 1; [", "it doesn't run yet");
        row("it takes everything", "*) echo \"what is $1?\"; exit 3", "*) exit 0", "an action that doesn't exist");
        row("it checks nothing", "validate-all) ", "validate-all) exit 0; ", "without state; with level = \"rubbish\"");
        row("it leaves a process behind", "start) ", "start) setsid sleep 600 >/dev/null 2>&1 & ",
            "nothing is left behind");
        row("it doesn't start", "start) ", "start) exit 1; ", "start");
        row("it doesn't know how it is", "monitor) ", "monitor) kill -9 $$; ", "it doesn't run yet");
    }
    void aBadAgentIsFoundOut() {
        QFETCH(QByteArray, from);
        QFETCH(QByteArray, to);
        QFETCH(QString, failed);
        QByteArray script(lamp);
        QVERIFY(script.contains(from));
        install(script.replace(from, to));
        const AgentTrial trial{.settings = settings(),
                               .metadata = readOcfMetadata("test", "lamp", path()).value(),
                               .places = places(),
                               .onStep = {},
                               .onBegin = {}};
        QStringList found;
        for (const TrialStep& step : tryAgent(trial))
            if (!step.passed) found << QString::fromStdString(step.name);
        QCOMPARE(found.join("; "), failed);
        QVERIFY(!QFile::exists(m_folder->filePath("on")));
    }

    void whatRunsAlreadyIsNotTouched() {
        put("on", "");
        const AgentTrial trial{.settings = settings(),
                               .metadata = readOcfMetadata("test", "lamp", path()).value(),
                               .places = places(),
                               .onStep = {},
                               .onBegin = {}};
        const std::vector<TrialStep> steps = tryAgent(trial);
        QCOMPARE(steps.size(), std::size_t{3}); // its parameters, how it stands, and what is left behind
        QCOMPARE(steps[1].got, std::string("exit code 0 (success)"));
        QVERIFY(QFile::exists(m_folder->filePath("on")));
    }
};

QTEST_GUILESS_MAIN(OcfAgentTest)
#include "ocf_agent_test.moc"
