// SPDX-License-Identifier: Apache-2.0
// STATE/config/: the last ten texts, the bookkeeping of `apply`, and dyad.toml itself. Every function blocks on the disk
// (fsync) and belongs on a thread of its own, except at start-up.
//
//   state        the ApplyState, and the digest of dyad.toml as the service wrote it last
//   text-DIGEST  one per revision that the state names, 16 hexadecimal digits
#pragma once

#include "base/result.h"
#include "config/apply/apply_core.h"

#include <filesystem>
#include <string>
#include <string_view>

namespace dyad::config {

struct KeptState {
    ApplyState apply;
    std::uint64_t installed = 0; // digest of dyad.toml as the service wrote it; 0: never
};

inline constexpr std::size_t maxStateBytes = 64 * 1024;

// Lines of `word = value`, versioned; see state_text.cpp. Error: the line and what is wrong with it.
[[nodiscard]] std::string toText(const KeptState& state);
[[nodiscard]] Result<KeptState> parseState(std::string_view text);

// Writes `bytes` beside the file, then puts them into its place, durably. Owner and mode of a file that is there stay;
// a new one gets `mode`.
[[nodiscard]] Result<void> replaceFile(const std::filesystem::path& path, std::string_view bytes, unsigned mode);

class RevisionStore {
public:
    RevisionStore(std::filesystem::path folder, std::filesystem::path configuration)
        : m_folder(std::move(folder)), m_configuration(std::move(configuration)) {}

    // Nothing there yet: an empty state. A state that can't be read is set aside (state.broken) and told.
    [[nodiscard]] Result<KeptState> load() const;
    // What was decided but not yet written to dyad.toml when the service or the host went down is written now. True:
    // the file was replaced. Called before the file is read.
    [[nodiscard]] Result<bool> finishInstall() const;

    // Each is durable when it returns, and whole or not at all.
    [[nodiscard]] Result<void> save(const KeptState& state) const;
    [[nodiscard]] Result<void> keepText(std::uint64_t digest, std::string_view text) const;
    [[nodiscard]] Result<std::string> text(std::uint64_t digest) const;
    // Writes the text of this digest to dyad.toml, owner and mode as they are.
    [[nodiscard]] Result<void> install(std::uint64_t digest) const;
    // Texts that the state doesn't name any more go, once they are an hour old: a younger one may be about to be named.
    void forgetOthers(const ApplyState& state) const;

private:
    [[nodiscard]] std::filesystem::path textPath(std::uint64_t digest) const;
    std::filesystem::path m_folder;
    std::filesystem::path m_configuration;
};

} // namespace dyad::config
