// SPDX-License-Identifier: Apache-2.0
#include "daemon/configuration/file_sync.h"

#include "config/apply/revision_store.h"
#include "control/protocol/object_reader.h"
#include "daemon/configuration/after_command.h"

#include <QJsonArray>
#include <QJsonDocument>

#include <fstream>
#include <sstream>

namespace dyad::daemon {

using config::SyncConflict;
using config::SyncManifest;
using config::SyncPlan;

namespace {

QString text(const std::string& value) { return QString::fromStdString(value); }

QJsonArray toJson(const std::vector<SyncConflict>& conflicts) {
    QJsonArray list;
    for (const SyncConflict& each : conflicts)
        list.append(QJsonObject{{"path", text(each.path)}, {"why", text(each.why)}});
    return list;
}

std::vector<SyncConflict> conflictsIn(const QJsonObject& object, std::size_t most) {
    std::vector<SyncConflict> conflicts;
    for (const auto& each : object[QStringLiteral("conflicts")].toArray())
        if (conflicts.size() < most)
            conflicts.push_back({each.toObject()[QStringLiteral("path")].toString().toStdString(),
                                 each.toObject()[QStringLiteral("why")].toString().toStdString()});
    return conflicts;
}

QJsonObject trouble(const std::string& why) { return {{"trouble", text(why)}}; }

Result<SyncManifest> loadBase(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    if (!stream) return SyncManifest();
    std::ostringstream whole;
    whole << stream.rdbuf();
    return config::parseManifest(whole.str());
}

// Carries the plan out as far as it goes; what could not be written stays as it was in the base, so that it is tried
// again.
struct Outcome {
    std::size_t done = 0;
    std::string trouble;
};
Outcome carryOut(SyncPlan& plan, const SyncManifest& active, const std::map<std::string, std::string>& contents) {
    Outcome outcome;
    const auto keepDone = [&](std::vector<std::string>& paths, const std::function<Result<void>(const std::string&)>& act) {
        std::vector<std::string> done;
        for (const std::string& path : paths) {
            if (const Result<void> result = act(path)) {
                done.push_back(path);
                ++outcome.done;
            } else if (outcome.trouble.empty()) {
                outcome.trouble = result.error().text();
            }
        }
        paths = std::move(done);
    };
    keepDone(plan.remove, [](const std::string& path) { return config::removeEntry(path); });
    keepDone(plan.write, [&](const std::string& path) -> Result<void> {
        const config::SyncEntry& entry = active.at(path);
        if (entry.kind == config::SyncKind::Folder) return config::writeEntry(path, entry, "");
        const auto bytes = contents.find(path);
        if (bytes == contents.end()) return Error{"write", path, "its content was not sent", "it is sent the next time"};
        return config::writeEntry(path, entry, bytes->second);
    });
    return outcome;
}

} // namespace

struct FileSync::Offer {
    Set* set = nullptr;
    bool force = false;
    SyncManifest manifest;
    std::string manifestText;
    Answered answered;
};

FileSync::FileSync(FileSyncSetup setup, QObject* parent) : QObject(parent), m_setup(std::move(setup)) {
    for (const model::SyncSetup& each : m_setup.configuration.syncs)
        m_sets.push_back({.setup = &each});
    m_look.setInterval(lookInterval);
    connect(&m_look, &QTimer::timeout, this, &FileSync::look);
}

void FileSync::start() {
    if (!m_sets.empty()) m_look.start();
}

FileSync::Set* FileSync::find(const std::string& name) {
    for (Set& each : m_sets)
        if (each.setup->name == name) return &each;
    return nullptr;
}

std::string FileSync::basePath(const model::SyncSetup& setup) const {
    return m_setup.stateDirectory + "/sync-" + setup.name + ".base";
}

void FileSync::look() {
    if (!m_setup.peerServed()) return;
    for (Set& set : m_sets) {
        if (!m_setup.activeHere(set.setup->group)) {
            set.acknowledged.clear();
            set.conflicts.clear();
            set.trouble.clear();
            tell(set);
        } else if (!set.busy) {
            begin(set, false, {});
        }
    }
}

// --- on the active node ---------------------------------------------------------------------------------------------

void FileSync::begin(Set& set, bool force, Answered answered) {
    if (set.busy) {
        if (answered) answered(trouble("it is being copied just now; ask again in a moment"), 409);
        return;
    }
    set.busy = true;
    auto offered = std::make_shared<Offer>();
    offered->set = &set;
    offered->force = force;
    offered->answered = std::move(answered);
    m_worker.run([this, offered, roots = set.setup->paths]() -> std::function<void()> {
        Result<config::ScannedTree> tree = config::scanTree(roots);
        return [this, offered, tree = std::move(tree)] {
            if (!tree) return fail(offered, tree.error().text());
            Set& mine = *offered->set;
            offered->manifest = tree.value().manifest;
            offered->manifestText = config::toText(offered->manifest);
            mine.leftOut = tree.value().leftOut;
            mine.entries = offered->manifest.size();
            const bool known = offered->manifestText == mine.acknowledged;
            if (!offered->force && ((known && mine.conflicts.empty() && mine.trouble.empty()) ||
                                    (known && m_setup.clock.now() < mine.nextLook))) {
                mine.busy = false;
                return;
            }
            offer(offered);
        };
    });
}

void FileSync::offer(const std::shared_ptr<Offer>& offered) {
    const QJsonObject body{{"manifest", text(offered->manifestText)}, {"force", offered->force}};
    askPeer(QStringLiteral("offer"), {{"set", text(offered->set->setup->name)}, {"body", body}},
            [this, offered](const Result<QJsonObject>& answer) {
                if (!answer) return fail(offered, answer.error().text());
                if (answer.value()[QStringLiteral("wanted")].toArray().isEmpty() &&
                    !answer.value()[QStringLiteral("removes")].toBool())
                    return finish(offered, answer.value());
                sendFiles(offered, answer.value());
            });
}

void FileSync::sendFiles(const std::shared_ptr<Offer>& offered, const QJsonObject& wanted) {
    std::vector<std::string> paths;
    for (const auto& each : wanted[QStringLiteral("wanted")].toArray())
        paths.push_back(each.toString().toStdString());
    m_worker.run([this, offered, paths]() -> std::function<void()> {
        QJsonObject contents;
        for (const std::string& path : paths) {
            const auto entry = offered->manifest.find(path);
            if (entry == offered->manifest.end() || entry->second.kind == config::SyncKind::Folder) continue;
            const Result<std::string> bytes = config::readEntry(path, entry->second);
            if (bytes) // what has just changed goes with the next look
                contents[text(path)] = QString::fromLatin1(QByteArray::fromStdString(bytes.value()).toBase64());
        }
        const QJsonObject body{{"manifest", text(offered->manifestText)}, {"force", offered->force}, {"contents", contents}};
        return [this, offered, body] {
            askPeer(QStringLiteral("files"), {{"set", text(offered->set->setup->name)}, {"body", body}},
                    [this, offered](const Result<QJsonObject>& answer) {
                        if (!answer) return fail(offered, answer.error().text());
                        finish(offered, answer.value());
                    });
        };
    });
}

// The base belongs to both: after a switchover it is this node whose changes are told from copies by it.
void FileSync::finish(const std::shared_ptr<Offer>& offered, const QJsonObject& answer) {
    const QJsonValue told = answer[QStringLiteral("base")];
    const std::string base = told.toString().toStdString();
    if (!told.isString() || base == offered->set->base) return conclude(offered, answer, "");
    m_worker.run([this, offered, answer, base, path = basePath(*offered->set->setup)]() -> std::function<void()> {
        const Result<SyncManifest> sound = config::parseManifest(base);
        const Result<void> saved = sound ? config::replaceFile(path, base, 0600) : sound.error();
        return [this, offered, answer, base, saved] {
            if (saved) offered->set->base = base;
            conclude(offered, answer, saved ? "" : saved.error().text());
        };
    });
}

void FileSync::conclude(const std::shared_ptr<Offer>& offered, const QJsonObject& answer, const std::string& here) {
    Set& set = *offered->set;
    set.busy = false;
    set.acknowledged = offered->manifestText;
    set.conflicts = conflictsIn(answer, maxConflictsTold);
    set.trouble = answer[QStringLiteral("trouble")].toString().toStdString();
    if (set.trouble.empty()) set.trouble = here;
    set.nextLook = m_setup.clock.now() + retryInterval;
    if (set.conflicts.empty() && set.trouble.empty()) set.agreedAtMs = m_setup.clock.wallClockMs();
    const int done = answer[QStringLiteral("done")].toInt();
    if (done > 0)
        write(model::Severity::Information, "file set " + set.setup->name + ": " + std::to_string(done) +
                                                " files were copied to " + m_setup.peer.peerName());
    tell(set);
    if (offered->answered) offered->answered(statusOf(set), set.trouble.empty() ? 200 : 409);
}

void FileSync::fail(const std::shared_ptr<Offer>& offered, const std::string& why) {
    Set& set = *offered->set;
    set.busy = false;
    set.trouble = why;
    set.acknowledged = offered->manifestText;
    set.nextLook = m_setup.clock.now() + retryInterval;
    tell(set);
    if (offered->answered) offered->answered(trouble(why), 409);
}

// The peer's side of each conflict becomes the true one.
void FileSync::accept(Set& set, Answered answered) {
    QJsonArray paths;
    for (const SyncConflict& each : set.conflicts)
        paths.append(text(each.path));
    if (set.busy || paths.isEmpty())
        return answered(trouble(set.busy ? "it is being copied just now; ask again in a moment" : "it has no conflict"), 409);
    set.busy = true;
    const auto conflicts = set.conflicts;
    askPeer(QStringLiteral("give"), {{"set", text(set.setup->name)}, {"body", QJsonObject{{"paths", paths}}}},
            [this, &set, conflicts, answered](const Result<QJsonObject>& answer) {
                if (!answer) {
                    set.busy = false;
                    return answered(trouble(answer.error().text()), 409);
                }
                m_worker.run([this, &set, conflicts, answered, object = answer.value()]() -> std::function<void()> {
                    const auto theirs =
                        config::parseManifest(object[QStringLiteral("manifest")].toString().toStdString());
                    SyncPlan plan;
                    std::map<std::string, std::string> contents;
                    const QJsonObject bytes = object[QStringLiteral("contents")].toObject();
                    for (const SyncConflict& each : conflicts) {
                        const bool there = theirs && theirs.value().contains(each.path);
                        (there ? plan.write : plan.remove).push_back(each.path);
                        if (there)
                            contents[each.path] =
                                QByteArray::fromBase64(bytes[text(each.path)].toString().toLatin1()).toStdString();
                    }
                    Outcome outcome;
                    if (theirs)
                        outcome = carryOut(plan, theirs.value(), contents);
                    else
                        outcome.trouble = theirs.error().text();
                    if (outcome.done > 0 && !set.setup->after.empty())
                        if (const Result<void> ran = runAfter(set.setup->after, afterPatience); !ran && outcome.trouble.empty())
                            outcome.trouble = ran.error().text();
                    return [this, &set, outcome, answered] {
                        set.busy = false;
                        set.acknowledged.clear();
                        set.conflicts.clear();
                        write(model::Severity::Information, "file set " + set.setup->name + ": " +
                                                                std::to_string(outcome.done) + " files were taken from " +
                                                                m_setup.peer.peerName());
                        if (!outcome.trouble.empty()) return answered(trouble(outcome.trouble), 409);
                        begin(set, false, answered);
                    };
                });
            });
}

// --- on the other node ----------------------------------------------------------------------------------------------

void FileSync::take(Set& set, const QJsonObject& body, bool withFiles, Answered answered) {
    if (m_setup.activeHere(set.setup->group))
        return answered(trouble("the group is active on this node itself: its files are the true ones"), 409);
    const Result<SyncManifest> active =
        config::parseManifest(body[QStringLiteral("manifest")].toString().toStdString());
    if (!active) return answered(trouble(active.error().text()), 400);
    for (const auto& [path, entry] : active.value())
        if (!config::belongsTo(path, set.setup->paths))
            return answered(trouble(path + " is none of the paths of this set"), 400);
    m_worker.run([this, setup = *set.setup, active = active.value(), body, withFiles, answered,
                  base = basePath(*set.setup)]() -> std::function<void()> {
        Result<config::ScannedTree> own = config::scanTree(setup.paths);
        Result<SyncManifest> before = loadBase(base);
        if (!own || !before) {
            const std::string why = own ? before.error().text() : own.error().text();
            return [answered, why] { answered(trouble(why), 409); };
        }
        SyncPlan plan = config::planSync(active, own.value().manifest, before.value(), body[QStringLiteral("force")].toBool());
        QJsonObject answer{{"conflicts", toJson(plan.conflicts)}};
        if (!withFiles && !plan.nothingToDo()) {
            QJsonArray wanted;
            for (const std::string& each : plan.write)
                wanted.append(text(each));
            answer["wanted"] = wanted;
            answer["removes"] = !plan.remove.empty();
            return [answered, answer] { answered(answer, 200); };
        }
        std::map<std::string, std::string> contents;
        const QJsonObject sent = body[QStringLiteral("contents")].toObject();
        for (auto each = sent.begin(); each != sent.end(); ++each)
            contents[each.key().toStdString()] = QByteArray::fromBase64(each.value().toString().toLatin1()).toStdString();
        Outcome outcome = carryOut(plan, active, contents);
        const std::string kept = config::toText(config::newBase(before.value(), active, plan));
        if (kept != config::toText(before.value()))
            if (const Result<void> saved = config::replaceFile(base, kept, 0600); !saved && outcome.trouble.empty())
                outcome.trouble = saved.error().text();
        if (outcome.done > 0 && !setup.after.empty())
            if (const Result<void> ran = runAfter(setup.after, afterPatience); !ran && outcome.trouble.empty())
                outcome.trouble = "the files are copied, but the command after it failed: " + ran.error().text();
        answer["base"] = text(kept);
        answer["done"] = static_cast<int>(outcome.done);
        answer["trouble"] = text(outcome.trouble);
        return [this, answered, answer, outcome, name = setup.name] {
            if (Set* mine = find(name)) {
                mine->agreedAtMs = m_setup.clock.wallClockMs();
                mine->base.clear(); // the disk has a newer one than this node wrote as source
            }
            if (outcome.done > 0)
                write(model::Severity::Information, "file set " + name + ": " + std::to_string(outcome.done) +
                                                        " files came from " + m_setup.peer.peerName());
            answered(answer, 200);
        };
    });
}

void FileSync::give(Set& set, const QJsonObject& body, Answered answered) {
    std::vector<std::string> paths;
    for (const auto& each : body[QStringLiteral("paths")].toArray())
        if (paths.size() < config::maxSyncEntries) paths.push_back(each.toString().toStdString());
    m_worker.run([roots = set.setup->paths, paths, answered]() -> std::function<void()> {
        const Result<config::ScannedTree> own = config::scanTree(roots);
        if (!own) return [answered, why = own.error().text()] { answered(trouble(why), 409); };
        SyncManifest asked;
        QJsonObject contents;
        for (const std::string& path : paths) {
            const auto entry = own.value().manifest.find(path); // only what belongs to the set can be in there
            if (entry == own.value().manifest.end()) continue;
            const Result<std::string> bytes = config::readEntry(path, entry->second);
            if (!bytes) return [answered, why = bytes.error().text()] { answered(trouble(why), 409); };
            asked[path] = entry->second;
            contents[text(path)] = QString::fromLatin1(QByteArray::fromStdString(bytes.value()).toBase64());
        }
        return [answered, answer = QJsonObject{{"manifest", text(config::toText(asked))}, {"contents", contents}}] {
            answered(answer, 200);
        };
    });
}

// --- saying it ------------------------------------------------------------------------------------------------------

QJsonObject FileSync::statusOf(const Set& set) const {
    QJsonArray paths;
    for (const std::string& each : set.setup->paths)
        paths.append(text(each));
    QJsonArray leftOut;
    for (const std::string& each : set.leftOut)
        leftOut.append(text(each));
    const bool active = m_setup.activeHere(set.setup->group);
    return {{"name", text(set.setup->name)},
            {"group", text(m_setup.configuration.groups[set.setup->group.value].name)},
            {"role", active ? "source" : "copy"},
            {"paths", paths},
            {"entries", static_cast<qint64>(set.entries)},
            {"agreed_wall_ms", qint64{set.agreedAtMs}},
            {"conflicts", toJson(set.conflicts)},
            {"left_out", leftOut},
            {"trouble", text(set.trouble)}};
}

void FileSync::tell(Set& set) {
    const std::string conflict = "sync.conflict:" + set.setup->name;
    const std::string failed = "sync.failed:" + set.setup->name;
    const auto raise = [&](const std::string& id, std::string what, std::string remedy) {
        m_setup.alarms.raise({.id = id,
                              .severity = model::Severity::Warning,
                              .text = std::move(what),
                              .remedy = std::move(remedy),
                              .since = m_setup.clock.now(),
                              .sinceWallClockMs = m_setup.clock.wallClockMs()});
    };
    if (set.conflicts.empty())
        m_setup.alarms.clear(conflict);
    else
        raise(conflict,
              "file set " + set.setup->name + ": " + set.conflicts.front().path + " on " + m_setup.peer.peerName() + ": " +
                  set.conflicts.front().why +
                  (set.conflicts.size() > 1 ? "; and " + std::to_string(set.conflicts.size() - 1) + " more" : ""),
              "`dyad sync status` shows them; `dyad sync push " + set.setup->name +
                  "` overwrites the other node's, `dyad sync accept " + set.setup->name + "` takes them over");
    if (set.trouble.empty())
        m_setup.alarms.clear(failed);
    else
        raise(failed, "file set " + set.setup->name + " can't be copied: " + set.trouble,
              "it is tried again; `dyad sync status` shows how it stands");
}

void FileSync::write(model::Severity severity, const std::string& what) {
    model::JournalEntry entry;
    entry.at = m_setup.clock.now();
    entry.wallClockMs = m_setup.clock.wallClockMs();
    entry.severity = severity;
    entry.kind = "file_sync";
    entry.text = what;
    m_setup.journal.write(std::move(entry));
}

void FileSync::askPeer(const QString& verb, const QJsonObject& what,
                       std::function<void(const Result<QJsonObject>&)> then) {
    control::PeerQuestion question;
    question.method = "POST";
    question.target = "/v1/sync/" + what[QStringLiteral("set")].toString().toLatin1() + "/" + verb.toLatin1();
    question.body = control::toLine(what[QStringLiteral("body")].toObject());
    question.patience = exchangePatience + (verb == QLatin1String("files") ? afterPatience : Duration(0));
    question.largestAnswer = 16 * 1024 * 1024;
    m_setup.peer.ask(question, [then, name = m_setup.peer.peerName()](const control::PeerAnswer& answer) {
        if (!answer.answered()) return then(answer.error);
        const Result<QJsonObject> object = control::objectFromBytes(answer.body, "the answer of " + name);
        if (answer.status == 200 || !object) return then(object);
        const std::string why = object.value()[QStringLiteral("trouble")].toString().toStdString();
        then(Error{"copy files to", name, why.empty() ? "it answers with status " + std::to_string(answer.status) : why, ""});
    });
}

control::Routes FileSync::routes() {
    using control::Call;
    constexpr std::size_t largeBody = 15 * 1024 * 1024;
    const auto withSet = [this](const Call& call, const std::function<void(Set&, const QJsonObject&)>& then) {
        Set* set = find(call.names[0]);
        if (!set)
            return call.refuse(404, {"find the file set", call.names[0].substr(0, 80), "the configuration has no such set",
                                     "`dyad sync status` lists them"});
        if (call.request.body.isEmpty()) return then(*set, {});
        const Result<QJsonObject> body = control::objectFromBytes(call.request.body, "the request's body");
        if (!body) return call.refuse(400, body.error());
        then(*set, body.value());
    };
    const auto answerTo = [](const Call& call) {
        return [call](const QJsonObject& answer, unsigned status) { call.answer(answer, status); };
    };
    const auto peerOnly = [](const Call& call) {
        if (call.caller.node.empty())
            call.refuse(403, {"POST", call.pathText(), "only the other node may ask this", "Use `dyad sync`"});
        return !call.caller.node.empty();
    };
    const auto onActive = [this](const Call& call, const Set& set) {
        const bool here = m_setup.activeHere(set.setup->group);
        if (!here)
            call.refuse(409, {"copy the file set", set.setup->name, "its group is not active on this node",
                              "Ask the node on which it is active"});
        return here;
    };
    return {
        {"GET", "/v1/sync", control::AccessRole::Viewer,
         [this](const Call& call) {
             QJsonArray sets;
             for (const Set& each : m_sets)
                 sets.append(statusOf(each));
             call.answer(QJsonObject{
                 {"node", text(m_setup.configuration.nodes[model::indexOf(m_setup.self)].name)}, {"sets", sets}});
         }},
        {"POST", "/v1/sync/*/push", control::AccessRole::Operator,
         [=, this](const Call& call) {
             withSet(call, [&](Set& set, const QJsonObject&) {
                 if (onActive(call, set)) begin(set, true, answerTo(call));
             });
         }},
        {"POST", "/v1/sync/*/accept", control::AccessRole::Operator,
         [=, this](const Call& call) {
             withSet(call, [&](Set& set, const QJsonObject&) {
                 if (onActive(call, set)) accept(set, answerTo(call));
             });
         }},
        {"POST", "/v1/sync/*/offer", control::AccessRole::Admin,
         [=, this](const Call& call) {
             if (peerOnly(call))
                 withSet(call, [&](Set& set, const QJsonObject& body) { take(set, body, false, answerTo(call)); });
         },
         largeBody},
        {"POST", "/v1/sync/*/files", control::AccessRole::Admin,
         [=, this](const Call& call) {
             if (peerOnly(call))
                 withSet(call, [&](Set& set, const QJsonObject& body) { take(set, body, true, answerTo(call)); });
         },
         largeBody},
        {"POST", "/v1/sync/*/give", control::AccessRole::Admin,
         [=, this](const Call& call) {
             if (peerOnly(call))
                 withSet(call, [&](Set& set, const QJsonObject& body) { give(set, body, answerTo(call)); });
         },
         largeBody},
    };
}

} // namespace dyad::daemon
