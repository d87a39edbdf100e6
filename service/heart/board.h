// SPDX-License-Identifier: Apache-2.0
// The board between heart and service: a mapped file in the run directory (so that hosts with a /run of their own don't
// see each other's), on it one snapshot each way. Reading and writing never wait for the other side.
#pragma once

#include "base/result.h"
#include "heart/board_layout.h"
#include "heart/process_identity.h"
#include "heart/seqlock.h"
#include "model/names.h"

#include <memory>
#include <optional>
#include <string>

namespace dyad::heart {

[[nodiscard]] inline std::string boardPath(const std::string& runDirectory) { return runDirectory + "/heart.board"; }

class Board {
public:
    // The heart's side: a new file takes the name of an old one, so that whoever still looks at the old one is not
    // misled. `header`: all but magic, version and bytes is the caller's.
    [[nodiscard]] static Result<Board> create(const std::string& path, BoardHeader header);
    // The service's side. Refused: another layout, another boot, a heart that has ended.
    [[nodiscard]] static Result<Board> open(const std::string& path, model::BootDigest boot);

    // Whatever boot or process it is of; nothing: there is no board of this layout.
    [[nodiscard]] static std::optional<BoardHeader> peek(const std::string& path);

    Board(Board&&) noexcept;
    Board& operator=(Board&&) noexcept;
    ~Board();

    [[nodiscard]] BoardHeader header() const;
    [[nodiscard]] ProcessIdentity heart() const;
    [[nodiscard]] bool isStale() const { return !isLiving(heart()); }

    void writeReport(const BoardReport& report); // the heart only
    [[nodiscard]] std::optional<BoardReport> readReport() const;
    void writeOrder(const BoardOrder& order); // the service that the heart has let in, only
    [[nodiscard]] std::optional<BoardOrder> readOrder() const;

private:
    struct Memory;
    struct Mapping;
    explicit Board(std::unique_ptr<Mapping> mapping);
    [[nodiscard]] static Result<Board> openAny(const std::string& path);
    [[nodiscard]] Memory& memory() const;

    std::unique_ptr<Mapping> m_mapping;
};

} // namespace dyad::heart
