// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

/// @title What escrow and disputes ask of Settlement
interface ISettlement {
    /// @notice What a run claims.
    struct RunInput {
        bytes32 zone; // community zone, as a word
        uint32 day; // UTC day number of delivery
        uint16 sequence; // 0, then one more for each correction
        bytes32 pointsRoot; // over one leaf per metering point
        uint16 pointCount;
        bytes32 headersRoot; // over the 96 slot headers
        uint64 checkpoint; // number of the anchored checkpoint that holds every cited entry
        bytes32 profileHash; // of the rules that were applied
        uint8 mode; // 0 ex_ante, 1 ex_post
    }

    /// @notice Bond that the runs which are not final yet require, in token base units.
    function requiredBond() external view returns (uint256);

    /// @notice Names a day of a zone: sha256(tag || zone || day).
    function runKeyOf(bytes32 zone, uint32 day) external view returns (bytes32);

    /// @notice Highest sequence posted of a zone's day, and whether any is.
    function latestSequence(bytes32 runKey) external view returns (uint16 sequence, bool posted);

    /// @notice Block time until which an account may dispute a zone's day.
    function disputableUntil(bytes32 runKey, address account) external view returns (uint64);

    /// @notice Requires that exactly this run is the last one posted for its zone and day, and that the account's window,
    ///         or `atLeastUntil` where that is later, has not passed.
    /// @return runKey of the run
    function requireDisputable(RunInput calldata input, bytes32 rowsRoot, address account, uint64 atLeastUntil)
        external
        view
        returns (bytes32 runKey);

    /// @notice Lengthens an account's window; never shortens it. Disputes only.
    function extendWindow(bytes32 runKey, address account, uint64 until) external;

    /// @notice Token base units withheld per account and open run.
    function fixedSum() external view returns (uint96);

    /// @notice Seconds during which a run can be disputed.
    function challengeWindow() external view returns (uint64);

    /// @notice Seconds after a day's end within which its initial run is posted.
    function postingLag() external view returns (uint64);

    /// @notice Seconds after the posting lag within which corrections are posted.
    function correctionLag() external view returns (uint64);
}
