// SPDX-License-Identifier: Apache-2.0
#include "cli/key_story.h"

#include "cli/words.h"

#include <QJsonArray>

#include <algorithm>
#include <cstdio>

namespace dyad::cli {
namespace {

struct Story {
    std::string key;
    std::string node; // name, or why there is none
    std::string boot; // "present boot", "an earlier boot", "boot a3f01"
    bool holder = false;
    std::string words;
};

// Every node's key begins with the same cluster id; which one is ours is known from a key that is certainly ours.
Story storyOf(const model::ClusterView& view, const model::LunView& lun, model::ReservationKey key) {
    Story story;
    char text[24];
    std::snprintf(text, sizeof text, "0x%016llx", static_cast<unsigned long long>(key.value));
    story.key = text;
    story.holder = lun.snapshot.holder && *lun.snapshot.holder == key;
    char boot[16];
    std::snprintf(boot, sizeof boot, "boot %05x", static_cast<unsigned>(key.boot()));
    story.boot = boot;
    const std::size_t index = key.nodeNumber();
    if (index == 0 || index > view.nodes.size()) {
        story.node = "foreign";
        story.words = "no key of this pair";
        return story;
    }
    const model::NodeView& node = view.nodes[index - 1];
    story.node = node.name;
    const unsigned long long digest = std::strtoull(node.bootDigest.c_str(), nullptr, 16);
    if (!node.bootDigest.empty())
        story.boot += key.isOfBoot(model::BootDigest(digest)) ? ", the present one" : ", an earlier one";
    if (story.holder)
        story.words = "holds the reservation";
    else if (lun.snapshot.holder && key.sameClaim(*lun.snapshot.holder))
        story.words = "the holder's earlier login";
    else
        story.words = "challenger, or left behind";
    return story;
}

// The holder may not be registered any more where an array is at odds with itself; it is told all the same.
std::vector<model::ReservationKey> keysOf(const model::LunView& lun) {
    std::vector<model::ReservationKey> keys = lun.snapshot.registrants;
    if (lun.snapshot.holder && std::find(keys.begin(), keys.end(), *lun.snapshot.holder) == keys.end())
        keys.push_back(*lun.snapshot.holder);
    return keys;
}

} // namespace

std::string keysText(const model::ClusterView& view, const Paint& paint) {
    std::string text;
    for (const model::LunView& lun : view.luns) {
        text += paint.text(Tone::Strong, lun.name) + (lun.group.empty() ? "" : " of group " + lun.group);
        if (!lun.known) {
            text += ": not read yet" + (lun.detail.empty() ? "" : ", " + lun.detail) + "\n";
            continue;
        }
        text += ": held by " + lun.holderName + ", generation " + std::to_string(lun.snapshot.generation) + ", read " +
                age(view.at - lun.readAt) + " ago by " + view.node + "\n";
        Table table;
        for (const model::ReservationKey key : keysOf(lun)) {
            const Story story = storyOf(view, lun, key);
            table.row({paint.symbol(story.holder ? Tone::Good : Tone::Faint), story.key, story.node, story.boot,
                       "epoch " + std::to_string(key.epoch()), "login " + std::to_string(key.login()), story.words});
        }
        text += keysOf(lun).empty() ? "  no keys\n" : table.text("  ");
    }
    return text.empty() ? "no LUNs are configured\n" : text;
}

QJsonObject keysJson(const model::ClusterView& view) {
    QJsonArray luns;
    for (const model::LunView& lun : view.luns) {
        QJsonArray keys;
        for (const model::ReservationKey key : keysOf(lun)) {
            const Story story = storyOf(view, lun, key);
            keys.append(QJsonObject{{"key", QString::fromStdString(story.key)},
                                    {"cluster", key.cluster()},
                                    {"node", QString::fromStdString(story.node)},
                                    {"boot", QStringLiteral("%1").arg(key.boot(), 5, 16, QLatin1Char('0'))},
                                    {"epoch", key.epoch()},
                                    {"login", key.login()},
                                    {"holder", story.holder},
                                    {"story", QString::fromStdString(story.words)}});
        }
        luns.append(QJsonObject{{"name", QString::fromStdString(lun.name)},
                                {"group", QString::fromStdString(lun.group)},
                                {"known", lun.known},
                                {"holder_name", QString::fromStdString(lun.holderName)},
                                {"generation", qint64{lun.snapshot.generation}},
                                {"keys", keys}});
    }
    return {{"node", QString::fromStdString(view.node)}, {"luns", luns}};
}

} // namespace dyad::cli
