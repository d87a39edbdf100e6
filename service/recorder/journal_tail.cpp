// SPDX-License-Identifier: Apache-2.0
#include "recorder/journal_tail.h"

#include "recorder/journal_line.h"

#include <algorithm>
#include <fstream>
#include <iterator>

namespace dyad::recorder {

namespace {

void readFile(const std::filesystem::path& file, JournalTail& tail) {
    std::ifstream stream(file, std::ios::binary | std::ios::ate);
    if (!stream) return;
    const std::streamoff size = stream.tellg();
    const bool cut = size > static_cast<std::streamoff>(maxTailBytes);
    stream.seekg(cut ? size - static_cast<std::streamoff>(maxTailBytes) : 0);
    std::string text(static_cast<std::size_t>(std::min<std::streamoff>(size, maxTailBytes)), '\0');
    stream.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(stream.gcount()));

    std::size_t begin = 0;
    if (cut) { // most likely in the middle of a line
        const std::size_t end = text.find('\n');
        begin = end == std::string::npos ? text.size() : end + 1;
    }
    while (begin < text.size()) {
        const std::size_t end = std::min(text.find('\n', begin), text.size());
        if (auto entry = fromLine(std::string_view(text).substr(begin, end - begin))) {
            // Numbers only grow; a copied or edited line must not take them back.
            if (entry->sequence > tail.lastSequence) {
                tail.lastSequence = entry->sequence;
                tail.entries.push_back(std::move(*entry));
            }
        }
        begin = end + 1;
    }
}

} // namespace

std::filesystem::path rotatedName(const std::filesystem::path& file) { return file.string() + ".1"; }

JournalTail readTail(const std::filesystem::path& file, std::size_t most) {
    JournalTail tail;
    readFile(rotatedName(file), tail);
    readFile(file, tail);
    if (tail.entries.size() > most)
        tail.entries.erase(tail.entries.begin(), tail.entries.end() - static_cast<std::ptrdiff_t>(most));
    return tail;
}

} // namespace dyad::recorder
