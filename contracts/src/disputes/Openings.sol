// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRecordAnchor} from "../../interfaces/IRecordAnchor.sol";
import {ISettlement} from "../../interfaces/ISettlement.sol";
import {MerkleLog} from "../MerkleLog.sol";

/// @title Leaves and entries opened in plaintext
/// @notice An opening is a leaf's words without its tag, its place, and its audit path. The tag is put in front here, so
///         that a leaf can only be opened as what it is. Fields are named by their place; docs/PROTOCOL.md section 7.
library Openings {
    /// @notice A run as a claimant brings it along; Settlement and RecordAnchor hold its digests.
    struct Run {
        ISettlement.RunInput input;
        bytes32 rowsRoot;
        IRecordAnchor.Checkpoint checkpoint; // number input.checkpoint
    }

    /// @notice A leaf of pointsRoot: point, account, dayNet, accountPoints, linesRoot, salt. Run key and sequence are the
    ///         run's own.
    struct Point {
        bytes32 point;
        address account;
        int96 dayNet;
        uint64 accountPoints;
        bytes32 linesRoot;
        bytes32 salt;
        uint64 position;
        bytes32[] proof;
    }

    /// @notice A leaf of linesRoot: eleven fields and the salt. Its place is its slot.
    struct Line {
        bytes32[12] words;
        bytes32[] proof;
    }

    /// @notice A leaf of headersRoot: twenty fields and the salt. Its place is its slot.
    struct Header {
        bytes32[21] words;
        bytes32[] proof;
    }

    /// @notice A log entry: fields and salt, its log index, its path under the run's checkpoint.
    struct Interval {
        bytes32[10] words;
        uint64 index;
        bytes32[] proof;
    }

    /// @notice A log entry that binds a point: fields and salt.
    struct Binding {
        bytes32[12] words;
        uint64 index;
        bytes32[] proof;
    }

    /// @notice A log entry of a decision: fields and salt.
    struct Decision {
        bytes32[8] words;
        uint64 index;
        bytes32[] proof;
    }

    /// @notice A log entry of an auction: fields and salt.
    struct Auction {
        bytes32[8] words;
        uint64 index;
        bytes32[] proof;
    }

    /// @notice A log entry of a day's tariff: fields and salt.
    struct Tariff {
        bytes32[4] words;
        uint64 index;
        bytes32[] proof;
    }

    /// @notice A leaf of tariffRoot: four fields, no salt. Its place is its slot.
    struct TariffSlot {
        bytes32[4] words;
        bytes32[] proof;
    }

    /// @notice A leaf of fillsRoot: five fields and the salt.
    struct Fill {
        bytes32[6] words;
        uint64 position;
        bytes32[] proof;
    }

    /// @notice A chunk of up to 16 rows, its number, and its path under rowsRoot.
    struct RowChunk {
        bytes32[] rows;
        uint64 position;
        bytes32[] proof;
    }

    uint256 internal constant SLOTS_PER_DAY = 96;
    /// @dev An absent index, an open day.
    uint64 internal constant NONE = type(uint64).max;
}
