// SPDX-License-Identifier: Apache-2.0
#include "storage/filesystem/superblock.h"

#include "base/byte_order.h"

#include <algorithm>
#include <string_view>

namespace dyad::storage {
namespace {

constexpr std::size_t extAt = 1024; // the ext superblock; offsets as in the kernel's documentation of ext4

bool wordsAt(std::span<const std::uint8_t> bytes, std::size_t at, std::string_view words) {
    return bytes.size() >= at + words.size() &&
           std::equal(words.begin(), words.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at),
                      [](char left, std::uint8_t right) { return static_cast<std::uint8_t>(left) == right; });
}

std::string labelAt(std::span<const std::uint8_t> bytes, std::size_t at, std::size_t length) {
    std::string label;
    for (std::size_t i = at; i < at + length && i < bytes.size() && bytes[i] >= 0x20 && bytes[i] < 0x7f; ++i)
        label += static_cast<char>(bytes[i]);
    return label;
}

} // namespace

FoundFilesystem findFilesystem(std::span<const std::uint8_t> bytes) {
    FoundFilesystem found;
    if (bytes.size() >= extAt + 0x100 && loadLittle<std::uint16_t>(bytes.subspan(extAt + 0x38)) == 0xef53) {
        const auto compatible = loadLittle<std::uint32_t>(bytes.subspan(extAt + 0x5c));
        const auto incompatible = loadLittle<std::uint32_t>(bytes.subspan(extAt + 0x60));
        constexpr std::uint32_t hasJournal = 0x4;
        constexpr std::uint32_t recover = 0x4;
        constexpr std::uint32_t extents = 0x40;
        constexpr std::uint32_t flexGroups = 0x200;
        found.type = (incompatible & (extents | flexGroups)) != 0 ? "ext4"
                     : (compatible & hasJournal) != 0             ? "ext3"
                                                                  : "ext2";
        found.needsRecovery = (incompatible & recover) != 0;
        found.hasErrors = (loadLittle<std::uint16_t>(bytes.subspan(extAt + 0x3a)) & 0x2) != 0;
        found.label = labelAt(bytes, extAt + 0x78, 16);
    } else if (wordsAt(bytes, 0, "XFSB")) {
        found.type = "xfs";
        found.label = labelAt(bytes, 108, 12);
    } else if (wordsAt(bytes, 0x10040, "_BHRfS_M")) {
        found.type = "btrfs";
    } else if (wordsAt(bytes, 512, "LABELONE")) {
        found.type = "LVM physical volume";
    } else if (wordsAt(bytes, 4086, "SWAPSPACE2")) {
        found.type = "swap";
    } else if (wordsAt(bytes, 3, "NTFS    ")) {
        found.type = "ntfs";
    } else if (wordsAt(bytes, 512, "EFI PART")) {
        found.type = "GPT partition table";
    } else if (wordsAt(bytes, 510, "\x55\xaa")) {
        found.type = "MBR partition table";
    } else {
        found.empty = std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t each) { return each == 0; });
    }
    return found;
}

} // namespace dyad::storage
