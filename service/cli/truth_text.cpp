// SPDX-License-Identifier: Apache-2.0
#include "cli/truth_text.h"

#include "cli/words.h"
#include "control/protocol/truth_json.h"
#include "control/truth/contradictions.h"

#include <QJsonArray>

#include <algorithm>
#include <set>

namespace dyad::cli {

namespace {

std::string yes(bool is, const char* word, const char* otherwise) { return is ? word : otherwise; }

std::string listed(const std::vector<std::string>& words) {
    std::string text;
    for (const std::string& word : words)
        text += (text.empty() ? "" : ", ") + word;
    return text;
}

std::string nodeText(const model::NodeTruth& node, const Paint& paint) {
    std::string text = paint.text(Tone::Strong, node.node) + "\n";
    Table table;
    for (const model::TruthGroup& group : node.groups)
        table.row({"group " + group.name, toText(group.role), "epoch " + std::to_string(group.epoch)});
    for (const model::TruthLun& lun : node.luns) {
        std::string keys;
        for (const model::ReservationKey key : lun.snapshot.registrants)
            keys += (keys.empty() ? "" : ", ") + toText(key);
        table.row({"LUN " + lun.name, lun.known ? "held by " + lun.holderName : "not read yet",
                   lun.known ? "registered: " + (keys.empty() ? "nobody" : keys) + ", read " +
                                   std::to_string(lun.readAgoMs) + " ms ago"
                             : yes(lun.pathUp, "", "no path")});
    }
    for (const model::TruthMount& mount : node.mounts)
        table.row({"mount " + mount.mountPoint, yes(mount.mounted, "mounted", "not mounted"),
                   mount.mounted ? mount.source + " (" + mount.type + ")" : ""});
    for (const model::TruthAddress& address : node.addresses) {
        std::string wire =
            address.answers.empty() ? "nobody else answers for it" : listed(address.answers) + " answers for it";
        if (!address.trouble.empty()) wire = address.trouble;
        table.row({"address " + address.address, address.interface.empty() ? "not here" : "on " + address.interface,
                   wire + (address.neighbour.empty() ? "" : "; neighbour table: " + address.neighbour)});
    }
    for (const model::TruthProcess& process : node.processes)
        table.row({"process " + process.group + "/" + process.resource, yes(process.alive, "alive", "none"),
                   process.alive ? "pid " + std::to_string(process.pid) : ""});
    table.row({"configuration", node.configurationDigest,
               node.fileDigest.empty()                       ? "the file can't be read"
               : node.fileDigest == node.configurationDigest ? "the file is the same"
                                                             : "the file is another one"});
    text += table.text("  ");
    for (const std::string& trouble : node.trouble)
        text += "  " + paint.text(Tone::Warning, trouble) + "\n";
    return text;
}

} // namespace

std::vector<model::Contradiction> contradictionsIn(const std::vector<model::NodeTruth>& nodes) {
    std::vector<model::Contradiction> found;
    std::set<std::string> said; // what stands before the node's name
    const auto add = [&](const std::vector<model::Contradiction>& more) {
        for (const model::Contradiction& each : more) {
            const std::string what = each.id.substr(0, each.id.rfind('@'));
            const bool ofThePair = what.starts_with("truth.configuration:peer") || what.starts_with("truth.key:");
            if (said.insert(ofThePair ? what : each.id).second) found.push_back(each);
        }
    };
    for (const model::NodeTruth& node : nodes)
        add(control::contradictionsOf(node));
    if (nodes.size() == 2) add(control::contradictionsBetween(nodes[0], nodes[1]));
    std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.severity > b.severity; });
    return found;
}

std::vector<model::Contradiction> thoseThatStay(std::vector<model::Contradiction> now,
                                                const std::vector<model::Contradiction>& earlier) {
    std::erase_if(now, [&](const model::Contradiction& each) {
        return std::none_of(earlier.begin(), earlier.end(), [&](const auto& before) { return before.id == each.id; });
    });
    return now;
}

std::string truthText(const PairTruth& truth, const Paint& paint) {
    std::string text;
    for (const model::NodeTruth& node : truth.nodes)
        text += nodeText(node, paint) + "\n";
    for (const std::string& silent : truth.silent)
        text += paint.text(Tone::Warning, silent + ": did not answer, so only half of the truth is here") + "\n";
    if (truth.contradictions.empty())
        return text + (truth.silent.empty()
                           ? paint.symbol(Tone::Good) + " what is claimed and what is agree\n"
                           : paint.symbol(Tone::Warning) + " nothing contradicts in the half that is here\n");
    for (const model::Contradiction& each : truth.contradictions) {
        const Tone tone = each.severity == model::Severity::Critical ? Tone::Bad : Tone::Warning;
        text += paint.symbol(tone) + " " + paint.text(tone, each.text) + "\n    " + each.remedy + "\n";
    }
    return text;
}

QJsonObject truthJson(const PairTruth& truth) {
    QJsonArray nodes, contradictions, silent;
    for (const model::NodeTruth& node : truth.nodes)
        nodes.append(control::toJson(node));
    for (const model::Contradiction& each : truth.contradictions)
        contradictions.append(control::toJson(each));
    for (const std::string& each : truth.silent)
        silent.append(QString::fromStdString(each));
    return {{"nodes", nodes},
            {"contradictions", contradictions},
            {"did_not_answer", silent},
            {"agree", truth.contradictions.empty() && truth.silent.empty()}};
}

} // namespace dyad::cli
