// SPDX-License-Identifier: Apache-2.0
// dyad support-bundle: one archive with all that somebody who helps has to know, without secrets.
#include "cli/commands.h"
#include "cli/doctor_text.h"
#include "cli/exit_codes.h"
#include "cli/local_checks.h"
#include "cli/output.h"
#include "cli/pair_health.h"
#include "cli/pair_history.h"
#include "cli/pair_truth.h"
#include "cli/redact.h"
#include "cli/status_screen.h"
#include "cli/tar_gz.h"
#include "cli/why_text.h"

#include <CLI/CLI.hpp>

#include <QDateTime>
#include <QFile>
#include <QJsonDocument>
#include <QSysInfo>

#include <fcntl.h>
#include <filesystem>
#include <unistd.h>

namespace dyad::cli {
namespace {

constexpr qint64 maxFileBytes = 32LL * 1024 * 1024;
constexpr qsizetype maxBundleBytes = 256LL * 1024 * 1024;
constexpr std::int64_t entriesOfMs = 7LL * 24 * 3600 * 1000;
constexpr Duration longPatience = 15s;

struct BundleOptions {
    std::string file;
    std::string stateFolder = "/var/lib/dyad";
};

QByteArray contentOf(const std::string& path) {
    QFile file(QString::fromStdString(path));
    if (!file.open(QIODevice::ReadOnly)) return {};
    // Of a log that is longer the end counts.
    if (file.size() > maxFileBytes) file.seek(file.size() - maxFileBytes);
    return file.read(maxFileBytes);
}

class Bundle {
public:
    explicit Bundle(const Arguments& arguments) : m_now(QDateTime::currentMSecsSinceEpoch()) {
        const std::string folder = std::filesystem::path(arguments.configuration).parent_path().string();
        const std::string tls = std::filesystem::path(arguments.certificate).parent_path().string();
        for (const std::string& secret :
             {folder + "/cluster.key", folder + "/tokens", tls + "/key.pem", arguments.tokenFile})
            m_redactor.know(contentOf(secret));
        m_redactor.learnFrom(contentOf(arguments.configuration));
    }

    void add(const std::string& name, const QByteArray& text) {
        if (text.isEmpty() || m_archive.bytes() > maxBundleBytes)
            return leaveOut(name, text.isEmpty() ? "empty or not there" : "the archive is full");
        m_archive.add("dyad-support/" + name, m_redactor.clean(text), m_now);
        ++m_files;
    }
    // Bytes that can't be cleaned: only without a known secret.
    void addBinary(const std::string& name, const QByteArray& bytes) {
        if (bytes.isEmpty()) return leaveOut(name, "empty or not there");
        if (m_redactor.finds(bytes)) return leaveOut(name, "it holds a secret of the configuration");
        m_archive.add("dyad-support/" + name, bytes, m_now);
        ++m_files;
    }
    void leaveOut(const std::string& name, const std::string& why) { m_leftOut += name + ": " + why + "\n"; }
    void learnFrom(const QByteArray& text) { m_redactor.learnFrom(text); }

    [[nodiscard]] QByteArray finish() {
        if (!m_leftOut.empty()) add("left-out.txt", QByteArray::fromStdString(m_leftOut));
        return m_archive.finish();
    }
    [[nodiscard]] int files() const { return m_files; }
    [[nodiscard]] const std::string& leftOut() const { return m_leftOut; }

private:
    std::int64_t m_now;
    Redactor m_redactor;
    TarGz m_archive;
    int m_files = 0;
    std::string m_leftOut;
};

QByteArray versions() {
    return QByteArray("dyad ") + DYAD_VERSION + "\n" + QSysInfo::prettyProductName().toUtf8() + "\n" +
           QSysInfo::kernelType().toUtf8() + " " + QSysInfo::kernelVersion().toUtf8() + " " +
           QSysInfo::currentCpuArchitecture().toUtf8() + "\nQt " + qVersion() + "\n";
}

void addNodes(Bundle& bundle, BothNodes& nodes) {
    struct Part {
        const char* name;
        QString target;
        bool binary;
    };
    const std::int64_t now = QDateTime::currentMSecsSinceEpoch();
    const Part parts[] = {
        {"config.json", QStringLiteral("/v1/config"), false},
        {"state.json", QStringLiteral("/v1/state"), false},
        {"incidents.json", QStringLiteral("/v1/incidents?limit=200"), false},
        {"entries.json",
         QStringLiteral("/v1/entries?from_wall_ms=%1&to_wall_ms=%2").arg(now - entriesOfMs).arg(now + entriesOfMs),
         false},
        {"durations.json", QStringLiteral("/v1/durations"), false},
        {"audit.json", QStringLiteral("/v1/audit?limit=500"), false},
        {"truth.json", QStringLiteral("/v1/truth"), false},
        {"metrics.txt", QStringLiteral("/metrics"), false},
        {"flight.ring", QStringLiteral("/v1/recorder"), true},
    };
    for (const Part& part : parts)
        for (const NodeAnswer& answer : nodes.ask(part.target, longPatience)) {
            const std::string name = (answer.node.empty() ? "node" : answer.node) + "/" + part.name;
            if (!answer.answered) {
                bundle.leaveOut(name, answer.trouble);
                continue;
            }
            if (std::string_view(part.name) == "config.json") {
                const QString text = answer.object[QStringLiteral("text")].toString();
                bundle.learnFrom(text.toUtf8());
                bundle.add(name.substr(0, name.find('/')) + "/dyad.toml", text.toUtf8());
            }
            if (part.binary)
                bundle.addBinary(name, answer.body);
            else
                bundle.add(name, answer.body);
        }
}

// Never through a link that somebody else has laid, never over a file that is there.
std::string writeNew(const std::string& path, const QByteArray& bytes) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return std::generic_category().message(errno);
    qsizetype done = 0;
    std::string trouble;
    while (done < bytes.size() && trouble.empty()) {
        const ssize_t count = ::write(file, bytes.constData() + done, static_cast<std::size_t>(bytes.size() - done));
        if (count <= 0)
            trouble = std::generic_category().message(errno);
        else
            done += count;
    }
    if (::close(file) != 0 && trouble.empty()) trouble = std::generic_category().message(errno);
    if (!trouble.empty()) ::unlink(path.c_str());
    return trouble;
}

int supportBundle(const Arguments& arguments, BundleOptions options, const Access& access) {
    if (options.file.empty())
        options.file = "dyad-support-" +
                       QDateTime::currentDateTimeUtc().toString(QStringLiteral("yyyyMMdd-HHmmss")).toStdString() +
                       ".tar.gz";
    BothNodes nodes(access);
    Bundle bundle(arguments);
    const Paint plain(false, true);
    addNodes(bundle, nodes);
    const PairTruth truth = fetchTruth(nodes);
    bundle.add("truth.txt", QByteArray::fromStdString(truthText(truth, plain)));
    bundle.add("doctor.txt", QByteArray::fromStdString(doctorText(
                                 examine(fetchHealth(nodes, truth), localFacts(arguments, options.stateFolder)),
                                 truth.contradictions, plain)));
    const std::vector<recorder::NodeTale> tales = fetchTales(nodes);
    bundle.add("incidents.txt",
               QByteArray::fromStdString(incidentListText(recorder::mergeIncidents(tales), tales, plain)));
    bundle.add("versions.txt", versions());
    bundle.add("here/dyad.toml", contentOf(arguments.configuration));
    for (const char* log : {"events.jsonl", "events.jsonl.1"})
        bundle.add(std::string("here/") + log, contentOf(options.stateFolder + "/" + log));
    const QByteArray bytes = bundle.finish();
    if (const std::string trouble = writeNew(options.file, bytes); !trouble.empty()) {
        complain("write " + options.file + ": " + trouble + ". Name another file");
        return exit_code::failed;
    }
    if (arguments.json)
        printJson({{"file", QString::fromStdString(options.file)},
                   {"bytes", static_cast<qint64>(bytes.size())},
                   {"files", bundle.files()},
                   {"left_out", QString::fromStdString(bundle.leftOut())}});
    else
        print(options.file + ": " + std::to_string(bundle.files()) + " files, " + std::to_string(bytes.size() / 1024) +
              " KiB, secrets removed\n" + (bundle.leftOut().empty() ? "" : "left out:\n" + bundle.leftOut()));
    return exit_code::ok;
}

} // namespace

void addSupportBundle(CLI::App& app, CommandLine& line) {
    CLI::App* sub = app.add_subcommand(
        "support-bundle", "One archive with logs, recordings, state and configuration of both nodes, without secrets");
    const auto options = std::make_shared<BundleOptions>();
    sub->add_option("FILE", options->file, "The archive to write (default: dyad-support-TIME.tar.gz here)");
    sub->add_option("--state-dir", options->stateFolder, "The service's folder on this host")->capture_default_str();
    sub->callback([&line, options] {
        line.run = [&line, options] {
            return withService(line.arguments,
                               [&](const Access& access) { return supportBundle(line.arguments, *options, access); });
        };
    });
}

} // namespace dyad::cli
