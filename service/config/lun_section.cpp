// SPDX-License-Identifier: Apache-2.0
// [[lun]]
#include "config/iscsi_url.h"
#include "config/sections.h"

#include <limits>
#include <set>
#include <tuple>

namespace dyad::config {

void readLuns(TableReader& root, Draft& draft) {
    std::set<std::string> names;
    std::map<std::tuple<std::string, std::string, std::uint16_t>, std::string> known;
    std::size_t number = 0;
    for (const toml::table* table : root.tables("lun", maxLuns)) {
        TableReader reader(*table, "lun number " + std::to_string(++number), draft.problems);
        model::LunSetup lun;
        LunDraft lunDraft;
        lunDraft.at = reader.place();
        lun.name = readName(reader, "array");
        if (!lun.name.empty()) {
            reader.setSubject("lun " + inQuotes(lun.name));
            if (!names.insert(lun.name).second)
                reader.wrong("name", "is used twice", "give every LUN a name of its own");
        }
        if (const auto url =
                reader.requiredText("iscsi", "iscsi = \"iscsi://10.77.2.9:3260/iqn.2026-11.example:array/1\"")) {
            const Result<IscsiUrl> parsed = parseIscsiUrl(*url);
            if (!parsed) {
                const bool secret = parsed.error().cameBack.find("secret") != std::string::npos;
                reader.wrong("iscsi", parsed.error().cameBack, parsed.error().remedy, !secret);
            } else {
                lunDraft.sound = true;
                lun.portal = parsed.value().portal;
                lun.target = parsed.value().target;
                lun.lun = parsed.value().lun;
                lun.chapUser = parsed.value().user;
                const auto [there, isNew] = known.emplace(std::tuple(lun.portal, lun.target, lun.lun), lun.name);
                if (!isNew)
                    reader.wrong("iscsi", "is the LUN " + inQuotes(there->second) + " already",
                                 "give one LUN one name: two sessions of one host would fence each other");
            }
        }
        if (const auto secret = reader.text("chap_secret_file")) {
            if (checkPath(reader, "chap_secret_file", *secret)) lun.chapSecretFile = *secret;
            if (lunDraft.sound && lun.chapUser.empty())
                reader.wrong("chap_secret_file", "is given, but no user",
                             "write the user into the url: \"iscsi://USER@...\"");
        } else if (!lun.chapUser.empty() && !reader.has("chap_secret_file")) {
            reader.missing("chap_secret_file",
                           "chap_secret_file = \"/etc/dyad/array.chap\" (mode 0600, the secret on one line)");
        }
        lun.minimumBytes =
            static_cast<std::uint64_t>(reader.number("minimum_bytes", 0, std::numeric_limits<std::int64_t>::max(), 0));
        reader.finish();
        draft.configuration.luns.push_back(std::move(lun));
        draft.luns.push_back(lunDraft);
    }
}

} // namespace dyad::config
