// SPDX-License-Identifier: Apache-2.0
#include "config/live/key_place.h"

#include "config/table_reader.h"

#include <toml++/toml.h>

namespace dyad::config {

Place keyPlace(std::string_view text, std::string_view path) {
    Place found{0, 0};
    try {
        const toml::table root = toml::parse(text);
        const toml::node* at = &root;
        while (!path.empty()) {
            const toml::node* next = nullptr;
            std::size_t used = 0;
            if (const auto* table = at->as_table()) {
                used = std::min(path.find('.'), path.size());
                next = table->get(path.substr(0, used));
            } else if (const auto* blocks = at->as_array()) {
                // A block's name may hold dots: the longest that fits counts.
                for (const toml::node& each : *blocks) {
                    const toml::table* block = each.as_table();
                    const auto* name = block ? block->get_as<std::string>("name") : nullptr;
                    if (!name || name->get().size() < used || !path.starts_with(name->get())) continue;
                    if (path.size() > name->get().size() && path[name->get().size()] != '.') continue;
                    next = block;
                    used = name->get().size();
                }
            }
            if (!next) break;
            if (!next->is_array_of_tables()) found = placeOf(*next);
            at = next;
            path.remove_prefix(std::min(used + 1, path.size()));
        }
    } catch (const toml::parse_error&) {
        return {0, 0};
    }
    return found;
}

} // namespace dyad::config
