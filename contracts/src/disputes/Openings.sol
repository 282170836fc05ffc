// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IRecordAnchor} from "../../interfaces/IRecordAnchor.sol";
import {ISettlement} from "../../interfaces/ISettlement.sol";
import {MerkleLog} from "../MerkleLog.sol";
import {Leaves} from "./Leaves.sol";

/// @title Leaves and entries opened in plaintext
/// @notice An opening is a leaf's words without its tag, its place, and its audit path. The tag is put in front here, so
///         that a leaf can only be opened as what it is. Fields are named by their place; docs/PROTOCOL.md section 7.
/// @dev Every requirement reverts as {MerkleLog.requireInclusion} does. The words stand first in their struct, so that a
///      struct's place in calldata is that of its words.
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

    /// @notice What an INTERVAL was derived from: ten fields and the salt. Its hash is the INTERVAL's registersCommitment.
    struct Registers {
        bytes32[11] words;
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

    /// @notice A line or a header as it stands, whatever its words are.
    struct Leaf {
        bytes32[] words;
        bytes32[] proof;
    }

    /// @notice A log entry of any kind, tag first: what is cited need not be what it should be.
    struct Entry {
        bytes32[] words;
        uint64 index;
        bytes32[] proof;
    }

    /// @notice A chunk of up to 16 rows, its number, and its path under rowsRoot.
    struct RowChunk {
        bytes32[] rows;
        uint64 position;
        bytes32[] proof;
    }

    /// @dev Lines of a point's day, headers of a run, slots of a tariff.
    uint256 internal constant SLOTS_PER_DAY = Leaves.SLOTS_PER_DAY;

    bytes32 internal constant INTERVAL = keccak256("commonwatt.INTERVAL.v1");
    bytes32 internal constant BINDING = keccak256("commonwatt.BINDING.v1");
    bytes32 internal constant DECISION = keccak256("commonwatt.DECISION.v1");
    bytes32 internal constant AUCTION = keccak256("commonwatt.AUCTION.v1");
    bytes32 internal constant TARIFF = keccak256("commonwatt.TARIFF.v1");
    bytes32 internal constant REGISTERS = keccak256("commonwatt.REGISTERS.v1");
    bytes32 internal constant LINE = keccak256("commonwatt.LINE.v1");
    bytes32 internal constant HEADER = keccak256("commonwatt.HEADER.v1");
    bytes32 internal constant POINT = keccak256("commonwatt.POINT.v1");
    bytes32 internal constant FILL = keccak256("commonwatt.FILL.v1");
    bytes32 internal constant TARIFF_SLOT = keccak256("commonwatt.TARIFF_SLOT.v1");
    bytes32 internal constant ROWS = keccak256("commonwatt.ROWS.v1");

    /// @notice The slot does not belong to the run's day.
    error SlotOutsideDay(uint256 slot, uint256 day);
    /// @notice The registers are not those that the INTERVAL commits to.
    error RegistersWrong(bytes32 given, bytes32 committed);

    /// @notice Place of a slot in the trees of its day.
    function placeOf(uint256 slot, uint256 day) internal pure returns (uint256) {
        if (slot / SLOTS_PER_DAY != day) revert SlotOutsideDay(slot, day);
        return slot % SLOTS_PER_DAY;
    }

    /// @notice Requires a point leaf of a run. Reverts as {MerkleLog.requireInclusion} does.
    function requirePoint(Run calldata run, bytes32 runKey, Point calldata point) internal view {
        bytes32 tag = POINT;
        uint256 sequence = run.input.sequence;
        bytes32 leaf;
        assembly ("memory-safe") {
            let p := mload(0x40)
            mstore8(p, 0)
            mstore(add(p, 1), tag)
            mstore(add(p, 33), runKey)
            mstore(add(p, 65), sequence)
            // The struct begins with the leaf's other six words, in the leaf's order.
            calldatacopy(add(p, 97), point, 192)
            if iszero(staticcall(gas(), 2, p, 289, 0, 32)) { revert(0, 0) }
            leaf := mload(0)
        }
        uint256 start;
        assembly {
            start := point
        }
        Leaves.requireAt(leaf, start, 6, run.input.pointCount, run.input.pointsRoot);
    }

    /// @notice Requires a line of a point at a place.
    function requireLine(bytes32 linesRoot, uint256 place, Line calldata line) internal view {
        uint256 start;
        assembly {
            start := line
        }
        Leaves.requirePlaced(LINE, start, 12, place, linesRoot);
    }

    /// @notice Requires a header of a run at a place.
    function requireHeader(bytes32 headersRoot, uint256 place, Header calldata header) internal view {
        uint256 start;
        assembly {
            start := header
        }
        Leaves.requirePlaced(HEADER, start, 21, place, headersRoot);
    }

    /// @notice Requires a slot's prices of a tariff at a place.
    function requireTariffSlot(bytes32 tariffRoot, uint256 place, TariffSlot calldata slot) internal view {
        uint256 start;
        assembly {
            start := slot
        }
        Leaves.requirePlaced(TARIFF_SLOT, start, 4, place, tariffRoot);
    }

    /// @notice Requires an INTERVAL in a checkpoint.
    function requireInterval(IRecordAnchor.Checkpoint calldata checkpoint, Interval calldata entry) internal view {
        uint256 start;
        assembly {
            start := entry
        }
        Leaves.requireIndexed(INTERVAL, start, 10, checkpoint.size, checkpoint.root);
    }

    /// @notice Requires a BINDING in a checkpoint.
    function requireBinding(IRecordAnchor.Checkpoint calldata checkpoint, Binding calldata entry) internal view {
        uint256 start;
        assembly {
            start := entry
        }
        Leaves.requireIndexed(BINDING, start, 12, checkpoint.size, checkpoint.root);
    }

    /// @notice Requires a DECISION or another entry of eight words in a checkpoint.
    function requireEight(bytes32 tag, IRecordAnchor.Checkpoint calldata checkpoint, Decision calldata entry)
        internal
        view
    {
        uint256 start;
        assembly {
            start := entry
        }
        Leaves.requireIndexed(tag, start, 8, checkpoint.size, checkpoint.root);
    }

    /// @notice Requires an AUCTION in a checkpoint.
    function requireAuction(IRecordAnchor.Checkpoint calldata checkpoint, Auction calldata entry) internal view {
        uint256 start;
        assembly {
            start := entry
        }
        Leaves.requireIndexed(AUCTION, start, 8, checkpoint.size, checkpoint.root);
    }

    /// @notice Requires a TARIFF in a checkpoint.
    function requireTariff(IRecordAnchor.Checkpoint calldata checkpoint, Tariff calldata entry) internal view {
        uint256 start;
        assembly {
            start := entry
        }
        Leaves.requireIndexed(TARIFF, start, 4, checkpoint.size, checkpoint.root);
    }

    /// @notice Requires a fill of an auction.
    function requireFill(bytes32 fillsRoot, uint256 fillCount, Fill calldata fill) internal view {
        uint256 start;
        assembly {
            start := fill
        }
        Leaves.requireIndexed(FILL, start, 6, fillCount, fillsRoot);
    }

    /// @notice Requires an entry of any kind in a checkpoint. Word 0 is its tag; no entry is without.
    function requireEntry(IRecordAnchor.Checkpoint calldata checkpoint, Entry calldata entry) internal view {
        bytes32[] calldata words = entry.words;
        uint256 start;
        assembly {
            start := add(words.offset, 32)
        }
        bytes32 leaf = Leaves.hashOf(words[0], start, words.length - 1);
        MerkleLog.requireInclusion(leaf, entry.index, checkpoint.size, entry.proof, checkpoint.root);
    }

    /// @notice Requires a leaf of a day's 96 at a place.
    function requireLeaf(bytes32 tag, bytes32 root, uint256 place, Leaf calldata leaf) internal view {
        bytes32[] calldata words = leaf.words;
        uint256 start;
        assembly {
            start := words.offset
        }
        MerkleLog.requireInclusion(Leaves.hashOf(tag, start, words.length), place, SLOTS_PER_DAY, leaf.proof, root);
    }

    /// @notice Requires a chunk of rows among `chunks` of a run.
    function requireRows(bytes32 rowsRoot, uint256 chunks, RowChunk calldata chunk) internal view {
        bytes32[] calldata rows = chunk.rows;
        uint256 start;
        assembly {
            start := rows.offset
        }
        MerkleLog.requireInclusion(Leaves.hashOf(ROWS, start, rows.length), chunk.position, chunks, chunk.proof, rowsRoot);
    }

    /// @notice Requires registers to be those that an INTERVAL commits to.
    function requireRegisters(bytes32 commitment, Registers calldata registers) internal view {
        uint256 start;
        assembly {
            start := registers
        }
        bytes32 given = Leaves.hashOf(REGISTERS, start, 11);
        if (given != commitment) revert RegistersWrong(given, commitment);
    }
}
